import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { DomainError } from '../domain-error.ts';
import { TimeoutError, withTimeout } from '../resilience/deadline.ts';
import {
  noSpan,
  type RequestSpan,
  type Span,
  type SpanAttributes,
  type SpanOptions,
  type Tracing,
  type TracingOptions,
} from './tracing.ts';
import { WatchedExporter } from './watched-exporter.ts';

/** Spans that wait to be sent; more are dropped. About 2 MB. */
const queueMax = 2_048;
/** A batch is written as JSON in one go, which holds up everything else: about a millisecond for so many. */
const batchMax = 128;
const batchDelayMs = 500;
/** Of one export, its repetitions included. Less than `closeTimeoutMsMax`, so that nothing is left after a stop. */
const exportTimeoutMs = 1_500;
const exportsMax = 2 * (queueMax / batchMax);
const closeTimeoutMsMax = 2_000;

/**
 * Traces by the SDK of OpenTelemetry, sent by OTLP over HTTP in the background.
 *
 * Nothing of it is global: services in one process, as in the tests, have traces of their own. A request whose caller
 * has decided not to sample its trace is not recorded, and the decision is passed on.
 */
export function createOpenTelemetryTracing(options: TracingOptions): Tracing {
  return new OpenTelemetryTracing(options);
}

/** A request that has a trace. */
interface TracedRequest {
  readonly traceId: string;
  /** Added to the monotonic clock it gives the time of day: that of the SDK has whole milliseconds. */
  readonly clockOffsetMs: number;
  open: boolean;
}

/** Where a piece of work stands: in a span, of a request that may have been answered meanwhile. */
interface Scope {
  readonly context: Context;
  readonly request: TracedRequest;
}

class OpenTelemetryTracing implements Tracing {
  readonly enabled = true;
  readonly #scopes = new AsyncLocalStorage<Scope | undefined>();
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #exporter: WatchedExporter;

  constructor({ endpoint, service, version, events }: TracingOptions) {
    const otlp = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
      timeoutMillis: exportTimeoutMs,
      concurrencyLimit: exportsMax,
    });
    const exporter = new WatchedExporter(otlp, events);
    this.#exporter = exporter;
    const processor = new BatchSpanProcessor({
      exporter: {
        // A batch is sent when the request of its last span comes by, and has nothing to do with it.
        export: (spans, done) => this.#scopes.run(undefined, () => exporter.export(spans, done)),
        shutdown: async () => await exporter.shutdown(),
      },
      maxQueueSize: queueMax,
      maxExportBatchSize: batchMax,
      scheduledDelayMillis: batchDelayMs,
      exportTimeoutMillis: exportTimeoutMs + 1_000,
    });
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': service, 'service.version': version }))
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer(service, version);
  }

  get traceId(): string | undefined {
    const request = this.#scopes.getStore()?.request;
    // Timers and connections outlive the request that they were made in.
    return request?.open === true ? request.traceId : undefined;
  }

  startRequest(name: string, headers: IncomingHttpHeaders, work: (span: RequestSpan) => void): void {
    const clockOffsetMs = Date.now() - performance.now();
    const startTime = clockOffsetMs + performance.now();
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, startTime }, this.#contextOf(headers));
    const request = { traceId: span.spanContext().traceId, clockOffsetMs, open: true };
    const scope: Scope = { context: trace.setSpan(ROOT_CONTEXT, span), request };
    this.#scopes.run(scope, () => work(new OpenRequestSpan(span, request)));
  }

  startSpan(name: string, options: SpanOptions = {}): Span {
    const scope = this.#scopes.getStore();
    return scope === undefined ? noSpan : new OpenSpan(this.#start(name, options, scope), scope.request);
  }

  async inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const parent = this.#scopes.getStore();
    if (parent === undefined) return await work(noSpan);
    const { request } = parent;
    const started = this.#start(name, options, parent);
    const span = new OpenSpan(started, request);
    const scope: Scope = { context: trace.setSpan(ROOT_CONTEXT, started), request };
    try {
      return await this.#scopes.run(scope, async () => await work(span));
    } catch (error) {
      const { isFailure = (thrown) => !(thrown instanceof DomainError) } = options;
      if (!isFailure(error)) span.set({ 'error.type': errorTypeOf(error) });
      else if (!span.failed) span.fail(errorTypeOf(error));
      throw error;
    } finally {
      span.end();
    }
  }

  outgoingHeaders(): Readonly<Record<string, string>> | undefined {
    const scope = this.#scopes.getStore();
    if (scope === undefined) return undefined;
    const headers: Record<string, string> = {};
    this.#propagator.inject(scope.context, headers, defaultTextMapSetter);
    // What came in holds no valid member.
    if (headers['tracestate'] === '') delete headers['tracestate'];
    return headers;
  }

  async close(limitMs: number): Promise<void> {
    const timeoutMs = Math.min(closeTimeoutMsMax, limitMs);
    try {
      await withTimeout(timeoutMs, async () => await this.#provider.shutdown());
    } catch (error) {
      // An export that has failed has been told of already. A receiver that answers drop by drop gets no more time.
      if (error instanceof TimeoutError) this.#exporter.failed('timeout', 0);
    }
  }

  /** A `traceparent` that is not valid begins a new trace, and so do two of them, which Node.js joins by a comma. */
  #contextOf(headers: IncomingHttpHeaders): Context {
    const given = headers['traceparent'];
    if (typeof given !== 'string' || given.includes(',')) return ROOT_CONTEXT;
    return this.#propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
  }

  #start(name: string, { kind, attributes }: SpanOptions, { context, request }: Scope): OtelSpan {
    const options = {
      kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
      attributes: definedOf(attributes),
      startTime: request.clockOffsetMs + performance.now(),
    };
    return this.#tracer.startSpan(name, options, context);
  }
}

class OpenSpan implements Span {
  failed = false;
  readonly #span: OtelSpan;
  readonly #request: TracedRequest;

  constructor(span: OtelSpan, request: TracedRequest) {
    this.#span = span;
    this.#request = request;
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(definedOf(attributes));
  }

  fail(type: string): void {
    this.failed = true;
    this.#span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end(this.#request.clockOffsetMs + performance.now());
  }
}

class OpenRequestSpan extends OpenSpan implements RequestSpan {
  readonly traceId: string;
  readonly #span: OtelSpan;
  readonly #request: TracedRequest;

  constructor(span: OtelSpan, request: TracedRequest) {
    super(span, request);
    this.#span = span;
    this.#request = request;
    this.traceId = request.traceId;
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  override end(): void {
    super.end();
    this.#request.open = false;
  }
}

function errorTypeOf(error: unknown): string {
  if (error instanceof DomainError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

function definedOf(attributes: SpanAttributes = {}): Record<string, string | number | boolean> {
  const defined: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) defined[name] = value;
  return defined;
}
