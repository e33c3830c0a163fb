import {
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
} from '@opentelemetry/api';
import { hrTimeDuration, type InstrumentationScope, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { RequestSpan, Span, SpanAttributes } from './tracing.ts';

/** Where spans go when they have ended, and what all of them say of their origin. */
export interface SpanSink {
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  onEnd(span: ReadableSpan): void;
}

/** A request that has a trace. */
export class TracedRequest {
  readonly traceId: string;
  /** Whether it has yet to be answered. */
  isOpen = true;
  /** Added to the monotonic clock it gives the time of day, of which `Date` knows only whole milliseconds. */
  readonly #clockOffsetMs = Date.now() - performance.now();

  constructor(traceId: string) {
    this.traceId = traceId;
  }

  /** Since the Unix epoch, in milliseconds and parts of them. */
  now(): number {
    return this.#clockOffsetMs + performance.now();
  }
}

/** Spans have neither. */
const noLinks: Link[] = [];
const noEvents: TimedEvent[] = [];
const notSet: SpanStatus = { code: SpanStatusCode.UNSET };
const failed: SpanStatus = { code: SpanStatusCode.ERROR };

/**
 * A span as exporters read it, which records itself.
 *
 * Not that of the SDK: its tracer looks at each attribute three times, counts for a meter that is not there, and reads
 * the clock five times. With it, making a span took twice as long.
 */
export class RecordedSpan implements ReadableSpan, Span {
  readonly kind: SpanKind;
  readonly request: TracedRequest;
  readonly attributes: Attributes = {};
  readonly links = noLinks;
  readonly events = noEvents;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly parentSpanContext?: SpanContext;
  name: string;
  status = notSet;
  ended = false;
  readonly #sink: SpanSink;
  readonly #context: SpanContext;
  readonly #startMs: number;
  #endMs = 0;

  /** @param parent undefined: the trace begins with this span */
  constructor(
    name: string,
    kind: SpanKind,
    origin: {
      readonly request: TracedRequest;
      readonly context: SpanContext;
      readonly parent: SpanContext | undefined;
    },
    sink: SpanSink,
  ) {
    this.name = name;
    this.kind = kind;
    this.request = origin.request;
    this.#context = origin.context;
    if (origin.parent !== undefined) this.parentSpanContext = origin.parent;
    this.#sink = sink;
    this.#startMs = origin.request.now();
  }

  get resource(): Resource {
    return this.#sink.resource;
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#sink.instrumentationScope;
  }

  get startTime(): HrTime {
    return millisToHrTime(this.#startMs);
  }

  get endTime(): HrTime {
    return millisToHrTime(this.#endMs);
  }

  get duration(): HrTime {
    return hrTimeDuration(this.startTime, this.endTime);
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  set(attributes: SpanAttributes): void {
    if (this.ended) return;
    for (const name of Object.keys(attributes)) {
      const value = attributes[name];
      if (value !== undefined) this.attributes[name] = value;
    }
  }

  fail(type: string): void {
    if (this.ended) return;
    this.attributes['error.type'] = type;
    this.status = failed;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#endMs = this.request.now();
    this.#sink.onEnd(this);
  }
}

/** The first span of a request here. */
export class RecordedRequestSpan extends RecordedSpan implements RequestSpan {
  get traceId(): string {
    return this.request.traceId;
  }

  rename(name: string): void {
    if (!this.ended) this.name = name;
  }

  override end(): void {
    super.end();
    this.request.isOpen = false;
  }
}

/** In its place, when the caller has decided not to sample the trace. */
export class UnsampledRequestSpan implements RequestSpan {
  readonly request: TracedRequest;
  readonly #context: SpanContext;

  constructor(request: TracedRequest, context: SpanContext) {
    this.request = request;
    this.#context = context;
  }

  get traceId(): string {
    return this.request.traceId;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  set(): void {}

  fail(): void {}

  rename(): void {}

  end(): void {
    this.request.isOpen = false;
  }
}
