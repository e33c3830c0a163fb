import { AsyncResource } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createOpenTelemetryTracing } from '../../../src/platform/telemetry/open-telemetry-tracing.ts';
import type { TraceExportEvent } from '../../../src/platform/telemetry/trace-export.ts';
import type { RequestSpan, Tracing } from '../../../src/platform/telemetry/tracing.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../helpers/otlp-receiver.ts';

let receiver: OtlpReceiver;
let tracing: Tracing;
const events = new EventStream<TraceExportEvent>((error) => {
  throw error;
});
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  tracing = createOpenTelemetryTracing({ endpoint: receiver.url, service: 'test', version: '0', events });
});
afterAll(async () => {
  await tracing.close(1_000);
  await receiver.close();
});

function startRequest(): { span: RequestSpan; inside: AsyncResource } {
  const requests: { span: RequestSpan; inside: AsyncResource }[] = [];
  tracing.startRequest('test', {}, (span) => requests.push({ span, inside: new AsyncResource('test') }));
  const [request] = requests;
  if (request === undefined) throw new Error('No request was started.');
  return request;
}

const currentTraceIn = (inside: AsyncResource): string | undefined => inside.runInAsyncScope(() => tracing.traceId);

describe('The trace that a piece of work belongs to', () => {
  it('is that of its own request, while that is under way', () => {
    const [one, other] = [startRequest(), startRequest()];
    expect(tracing.traceId).toBeUndefined();
    expect(currentTraceIn(one.inside)).toBe(one.span.traceId);
    expect(currentTraceIn(other.inside)).toBe(other.span.traceId);
    expect(one.span.traceId).not.toBe(other.span.traceId);
    // A timer that was started in it, such as that of a breaker, goes on for others.
    one.span.end();
    expect(currentTraceIn(one.inside)).toBeUndefined();
    other.span.end();
  });

  it('is none for the export, even when a request gives the occasion for it', async () => {
    const seen: (string | undefined)[] = [];
    // One that has nothing to send yet.
    await tracing.close(1_000);
    tracing = createOpenTelemetryTracing({ endpoint: receiver.url, service: 'test', version: '0', events });
    const unsubscribe = events.subscribe(() => void seen.push(tracing.traceId));
    receiver.answer((response) => void response.writeHead(400).end());
    const { span, inside } = startRequest();
    // A whole batch, which is sent at once.
    inside.runInAsyncScope(() => {
      for (let made = 0; made < 200; made++) tracing.startSpan('part').end();
    });
    await eventually(() => expect(seen).toStrictEqual([undefined]));
    expect(currentTraceIn(inside)).toBe(span.traceId);
    span.end();
    unsubscribe();
  });

  it('is none without a request: there are no spans, and nothing to pass on', async () => {
    expect(tracing.outgoingHeaders()).toBeUndefined();
    const span = tracing.startSpan('orphan');
    span.set({ a: 1 });
    span.end();
    expect(await tracing.inSpan('orphan', {}, async () => await Promise.resolve(tracing.traceId))).toBeUndefined();
    receiver.answer((response) => void response.writeHead(200).end('{}'));
    startRequest().span.end();
    await eventually(() => expect(receiver.spans.map(({ name }) => name)).toContain('test'));
    expect(receiver.bodies.join('\n')).not.toContain('orphan');
  });
});

describe('A span', () => {
  it('whose work fails is marked, with the name of the error or what the work has said', async () => {
    const { span, inside } = startRequest();
    await inside.runInAsyncScope(async () => {
      await expect(tracing.inSpan('thrown', {}, () => Promise.reject(new RangeError('secret')))).rejects.toThrow();
      const said = tracing.inSpan('said', {}, (inner) => {
        inner.fail('timeout');
        return Promise.reject(new RangeError('secret'));
      });
      await expect(said).rejects.toThrow(RangeError);
    });
    span.end();
    const failed = () => receiver.spans.filter((other) => other.traceId === span.traceId && other.failed);
    await eventually(() =>
      expect(failed().map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
        ['thrown', 'RangeError'],
        ['said', 'timeout'],
      ]),
    );
    expect(receiver.bodies.join('\n')).not.toContain('secret');
  });
});
