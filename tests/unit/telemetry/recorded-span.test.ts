import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RecordedRequestSpan, RecordedSpan, TracedRequest } from '../../../src/platform/telemetry/recorded-span.ts';

const context = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

let ended: ReadableSpan[];
beforeEach(() => {
  ended = [];
});

function start<Of extends RecordedSpan>(Class: new (...args: ConstructorParameters<typeof RecordedSpan>) => Of): Of {
  const request = new TracedRequest(context.traceId);
  return new Class(
    'GET',
    SpanKind.CLIENT,
    { request, context, parent: undefined },
    {
      resource: emptyResource(),
      instrumentationScope: { name: 'test', version: '1' },
      onEnd: (span) => void ended.push(span),
    },
  );
}

describe('A recorded span', () => {
  it('is handed on when it ends, and only once', () => {
    const span = start(RecordedSpan);
    expect(ended).toStrictEqual([]);
    span.end();
    span.end();
    expect(ended).toStrictEqual([span]);
    expect(span).toMatchObject({
      name: 'GET',
      kind: SpanKind.CLIENT,
      ended: true,
      status: { code: SpanStatusCode.UNSET },
    });
    expect(span.spanContext()).toBe(context);
    expect(span.parentSpanContext).toBeUndefined();
  });

  it('holds what was said last, and nothing that is undefined', () => {
    const span = start(RecordedSpan);
    span.set({ 'http.request.method': 'GET', 'db.read.retried': false, 'problem.code': undefined });
    span.set({ 'db.read.retried': true, 'http.request.method': undefined });
    expect(span.attributes).toStrictEqual({ 'http.request.method': 'GET', 'db.read.retried': true });
  });

  it('fails with a type, and no words', () => {
    const span = start(RecordedSpan);
    span.fail('ECONNRESET');
    expect(span.status).toStrictEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toStrictEqual({ 'error.type': 'ECONNRESET' });
  });

  it('takes nothing more when it has ended', () => {
    const span = start(RecordedRequestSpan);
    span.end();
    const { endTime } = span;
    span.set({ late: true });
    span.fail('late');
    span.rename('late');
    span.end();
    expect(span).toMatchObject({ name: 'GET', attributes: {}, status: { code: SpanStatusCode.UNSET }, endTime });
  });

  it('has the time of day, finer than a millisecond', () => {
    const before = performance.timeOrigin + performance.now();
    const span = start(RecordedSpan);
    const spunUntil = performance.now() + 0.2;
    while (performance.now() < spunUntil);
    span.end();
    // The clock of the day may have been set since the process began, by which the monotonic one does not go.
    expect(Math.abs(hrTimeToMilliseconds(span.startTime) - before)).toBeLessThan(60_000);
    expect(hrTimeToMilliseconds(span.duration)).toBeGreaterThanOrEqual(0.19);
    expect(hrTimeToMilliseconds(span.endTime) - hrTimeToMilliseconds(span.startTime)).toBeCloseTo(
      hrTimeToMilliseconds(span.duration),
      2,
    );
  });

  it('closes its request when it is the first of it', () => {
    const [part, whole] = [start(RecordedSpan), start(RecordedRequestSpan)];
    part.end();
    expect(part.request.isOpen).toBe(true);
    whole.end();
    expect(whole.request.isOpen).toBe(false);
  });
});
