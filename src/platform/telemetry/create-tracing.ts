import type { IncomingHttpHeaders } from 'node:http';
import {
  noTracing,
  type RequestSpan,
  type Span,
  type SpanOptions,
  type Tracing,
  type TracingOptions,
} from './tracing.ts';

/** Traces, of which there are none before `open` has resolved. */
export interface OpenableTracing extends Tracing {
  open(): Promise<void>;
}

/** @param options.endpoint null: there is no receiver, and no traces */
export function createTracing(
  options: Omit<TracingOptions, 'endpoint'> & { endpoint: string | null },
): OpenableTracing {
  const { endpoint, ...rest } = options;
  return endpoint === null
    ? { ...noTracing, open: () => Promise.resolve() }
    : new DeferredTracing({ ...rest, endpoint });
}

/** Loads the SDK of OpenTelemetry when it is opened: who has no receiver need not wait for it, nor hold it in memory. */
class DeferredTracing implements OpenableTracing {
  readonly enabled = true;
  readonly #options: TracingOptions;
  #tracing: Tracing = noTracing;

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { createOpenTelemetryTracing } = await import('./open-telemetry-tracing.ts');
    this.#tracing = createOpenTelemetryTracing(this.#options);
  }

  get traceId(): string | undefined {
    return this.#tracing.traceId;
  }

  startRequest(name: string, headers: IncomingHttpHeaders, work: (span: RequestSpan) => void): void {
    this.#tracing.startRequest(name, headers, work);
  }

  startSpan(name: string, options?: SpanOptions): Span {
    return this.#tracing.startSpan(name, options);
  }

  // Not async: a promise more is what a span costs.
  inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    return this.#tracing.inSpan(name, options, work);
  }

  outgoingHeaders(): Readonly<Record<string, string>> | undefined {
    return this.#tracing.outgoingHeaders();
  }

  async close(limitMs: number): Promise<void> {
    await this.#tracing.close(limitMs);
  }
}
