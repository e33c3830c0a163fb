import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
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
import { BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace';
import { DomainError } from '../domain-error.ts';
import { TimeoutError, withTimeout } from '../resilience/deadline.ts';
import {
  RecordedRequestSpan,
  RecordedSpan,
  type SpanSink,
  TracedRequest,
  UnsampledRequestSpan,
} from './recorded-span.ts';
import { noSpan, type RequestSpan, type Span, type SpanOptions, type Tracing, type TracingOptions } from './tracing.ts';
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
 * Traces with the ids, the batches and the exporter of OpenTelemetry's SDK, sent by OTLP over HTTP in the background.
 *
 * Nothing of it is global: services in one process, as in the tests, have traces of their own. A request whose caller
 * has decided not to sample its trace is not recorded, and the decision is passed on.
 */
export function createOpenTelemetryTracing(options: TracingOptions): Tracing {
  return new OpenTelemetryTracing(options);
}

/** Where a piece of work stands: in a span of a request, which may have been answered meanwhile. */
type Scope = RecordedSpan | UnsampledRequestSpan;

class OpenTelemetryTracing implements Tracing {
  readonly enabled = true;
  readonly #scopes = new AsyncLocalStorage<Scope | undefined>();
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #ids = new RandomIdGenerator();
  readonly #processor: BatchSpanProcessor;
  readonly #sink: SpanSink;
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
    this.#processor = processor;
    this.#sink = {
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': service, 'service.version': version }))
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
      instrumentationScope: { name: service, version },
      onEnd: (span) => processor.onEnd(span),
    };
  }

  get traceId(): string | undefined {
    const request = this.#scopes.getStore()?.request;
    // Timers and connections outlive the request that they were made in.
    return request?.isOpen === true ? request.traceId : undefined;
  }

  startRequest(name: string, headers: IncomingHttpHeaders, work: (span: RequestSpan) => void): void {
    const parent = this.#parentOf(headers);
    const context = this.#contextBelow(parent);
    const request = new TracedRequest(context.traceId);
    const isSampled = (context.traceFlags & TraceFlags.SAMPLED) !== 0;
    const span = isSampled
      ? new RecordedRequestSpan(name, SpanKind.SERVER, { request, context, parent }, this.#sink)
      : new UnsampledRequestSpan(request, context);
    this.#scopes.run(span, work, span);
  }

  startSpan(name: string, options?: SpanOptions): Span {
    const scope = this.#scopes.getStore();
    return scope instanceof RecordedSpan ? this.#startBelow(scope, name, options) : noSpan;
  }

  async inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const scope = this.#scopes.getStore();
    if (!(scope instanceof RecordedSpan)) return await work(noSpan);
    const span = this.#startBelow(scope, name, options);
    try {
      return await this.#scopes.run(span, work, span);
    } catch (error) {
      const { isFailure = (thrown) => !(thrown instanceof DomainError) } = options;
      if (!isFailure(error)) span.set({ 'error.type': errorTypeOf(error) });
      else if (span.status.code !== SpanStatusCode.ERROR) span.fail(errorTypeOf(error));
      throw error;
    } finally {
      span.end();
    }
  }

  outgoingHeaders(): Readonly<Record<string, string>> | undefined {
    const scope = this.#scopes.getStore();
    if (scope === undefined) return undefined;
    const headers: Record<string, string> = {};
    this.#propagator.inject(trace.setSpanContext(ROOT_CONTEXT, scope.spanContext()), headers, defaultTextMapSetter);
    // What came in holds no valid member.
    if (headers['tracestate'] === '') delete headers['tracestate'];
    return headers;
  }

  async close(limitMs: number): Promise<void> {
    const timeoutMs = Math.min(closeTimeoutMsMax, limitMs);
    try {
      await withTimeout(timeoutMs, async () => await this.#processor.shutdown());
    } catch (error) {
      // An export that has failed has been told of already. A receiver that answers drop by drop gets no more time.
      if (error instanceof TimeoutError) this.#exporter.failed('timeout', 0);
    }
  }

  /** A `traceparent` that is not valid begins a new trace, and so do two of them, which Node.js joins by a comma. */
  #parentOf(headers: IncomingHttpHeaders): SpanContext | undefined {
    const given = headers['traceparent'];
    if (typeof given !== 'string' || given.includes(',')) return undefined;
    return trace.getSpanContext(this.#propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
  }

  /** Of the flags only this one is ours to pass on. */
  #contextBelow(parent: SpanContext | undefined): SpanContext {
    const spanId = this.#ids.generateSpanId();
    if (parent === undefined) return { traceId: this.#ids.generateTraceId(), spanId, traceFlags: TraceFlags.SAMPLED };
    const { traceId, traceFlags, traceState } = parent;
    const context = { traceId, spanId, traceFlags: traceFlags & TraceFlags.SAMPLED };
    return traceState === undefined ? context : { ...context, traceState };
  }

  #startBelow(scope: RecordedSpan, name: string, { kind, attributes }: SpanOptions = {}): RecordedSpan {
    const parent = scope.spanContext();
    const origin = { request: scope.request, context: this.#contextBelow(parent), parent };
    const span = new RecordedSpan(name, kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL, origin, this.#sink);
    if (attributes !== undefined) span.set(attributes);
    return span;
  }
}

function errorTypeOf(error: unknown): string {
  if (error instanceof DomainError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
