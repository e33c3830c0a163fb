import type { IncomingHttpHeaders } from 'node:http';
import type { EventStream } from './event-stream.ts';
import type { TraceExportEvent } from './trace-export.ts';

/** What a span says about its work. Allowed are words of few and counts; never ids of users, addresses, texts or SQL. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanOptions {
  /** `client` is a question to another process; the default is work of our own. */
  readonly kind?: 'client' | 'internal';
  readonly attributes?: SpanAttributes;
  /** Whether an error that the work ends with is a failure of it. The default: all but domain errors. */
  readonly isFailure?: (error: unknown) => boolean;
}

/** One piece of work in a trace, from its start to `end`. What is said of it later is dropped. */
export interface Span {
  set(attributes: SpanAttributes): void;
  /** Marks it as failed. `type` is a code out of few, not a message, which may hold anything. */
  fail(type: string): void;
  end(): void;
}

/** The span of a request that came in. */
export interface RequestSpan extends Span {
  readonly traceId: string;
  rename(name: string): void;
}

/**
 * Traces of requests (W3C Trace Context, https://www.w3.org/TR/trace-context/).
 *
 * Only a request begins a trace: work that runs for none, such as probes and housekeeping, has no spans. No method
 * fails because of the traces themselves.
 */
export interface Tracing {
  /** Whether there are traces at all. */
  readonly enabled: boolean;
  /** The trace of the request that the caller works for; undefined when there is none, or it has been answered. */
  readonly traceId: string | undefined;
  /**
   * Starts the span of a request and calls `work` in it. It continues the trace that `headers` name, or begins one.
   * Whoever is given the span ends it.
   */
  startRequest(name: string, headers: IncomingHttpHeaders, work: (span: RequestSpan) => void): void;
  /** Starts a span below the current one, for work that has no parts. */
  startSpan(name: string, options?: SpanOptions): Span;
  /**
   * Runs `work` in a span below the current one, which ends when `work` has settled. An error gives it an `error.type`,
   * the code of a domain error or the name of another, unless `work` has said itself how it failed.
   */
  inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** The headers that tell another service which span it is called from; undefined when there is none. */
  outgoingHeaders(): Readonly<Record<string, string>> | undefined;
  /** Sends what is left, as far as that goes in `limitMs`, and in two seconds. Never fails. */
  close(limitMs: number): Promise<void>;
}

export interface TracingOptions {
  /** Where an OTLP receiver listens, without `/v1/traces`. */
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
  readonly events: EventStream<TraceExportEvent>;
}

/** The span of work that has none. */
export const noSpan: RequestSpan = { traceId: '', set: () => {}, fail: () => {}, rename: () => {}, end: () => {} };

/** Makes no traces. */
export const noTracing: Tracing = {
  enabled: false,
  traceId: undefined,
  startRequest: (_name, _headers, work) => work(noSpan),
  startSpan: () => noSpan,
  inSpan: (_name, _options, work) => work(noSpan),
  outgoingHeaders: () => undefined,
  close: () => Promise.resolve(),
};
