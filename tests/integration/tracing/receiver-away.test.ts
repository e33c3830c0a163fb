import { describe, expect, it } from '@jest/globals';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createOpenTelemetryTracing } from '../../../src/platform/telemetry/open-telemetry-tracing.ts';
import type { TraceExportEvent } from '../../../src/platform/telemetry/trace-export.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../helpers/otlp-receiver.ts';
import { answerJson, startScriptedProvider } from '../../helpers/scripted-provider.ts';
import { startProfiles } from '../../helpers/start-profiles.ts';
import { newTrace, startTracing, type TracingFixture } from './tracing-fixture.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

/** What the last spans may take at a stop, and the rest of it. */
const stopMsMax = 2_000 + 500;

const linesOf = ({ service }: TracingFixture, msg: string) => service.logged.filter((line) => line['msg'] === msg);

describe('A receiver of traces', () => {
  const breakages: readonly (readonly [name: string, reason: unknown, breakIt: (receiver: OtlpReceiver) => unknown])[] =
    [
      ['answers with an error', '500', (receiver) => receiver.answer((res) => void res.writeHead(500).end())],
      [
        'asks to be left alone',
        expect.any(String),
        (receiver) => receiver.answer((res) => void res.writeHead(503, { 'retry-after': '3600' }).end()),
      ],
      ['hangs', 'Request timed out', (receiver) => receiver.answer(() => {})],
      [
        'answers drop by drop',
        expect.any(String),
        (receiver) => receiver.answer((res) => void res.writeHead(200).write('{')),
      ],
      ['cuts its connections', 'ECONNRESET', (receiver) => receiver.answer((res) => void res.destroy())],
      ['is not there', 'ECONNREFUSED', (receiver) => receiver.close()],
    ];

  it.each(
    breakages,
  )('that %s costs no request anything, is told of once, and holds up no stop', async (...breakage) => {
    const [name, reason, breakIt] = breakage;
    const fixture = await startTracing(sqlite);
    await breakIt(fixture.receiver);

    let slowestMs = 0;
    await eventually(async () => {
      const beganAt = performance.now();
      expect(await fixture.ask('/nothing')).toMatchObject({ status: 404 });
      slowestMs = Math.max(slowestMs, performance.now() - beganAt);
      expect(linesOf(fixture, 'Traces cannot be sent')).toEqual([expect.objectContaining({ level: 'warn', reason })]);
    });
    expect(slowestMs).toBeLessThan(500);
    await fixture.ask('/nothing');

    const beganAt = performance.now();
    await fixture.service.stop();
    expect(performance.now() - beganAt).toBeLessThan(stopMsMax);
    expect(linesOf(fixture, 'Traces cannot be sent')).toHaveLength(1);
    expect(fixture.service.logged.filter((line) => line['level'] === 'error')).toEqual([]);
    await fixture.provider.close();
    if (name !== 'is not there') await fixture.receiver.close();
  });

  it('that comes back is sent to again, and what was lost is counted', async () => {
    const fixture = await startTracing(sqlite);
    fixture.receiver.answer((response) => void response.writeHead(400).end());
    await fixture.ask('/nothing');
    await eventually(() => expect(linesOf(fixture, 'Traces cannot be sent')).toHaveLength(1));
    fixture.receiver.answer((response) => void response.writeHead(200).end('{}'));
    const { traceId } = await fixture.ask('/nothing');
    await fixture.receiver.trace(traceId, ['GET']);
    await eventually(() => {
      const recovered = expect.objectContaining({ level: 'info', lostSpans: 1 });
      expect(linesOf(fixture, 'Traces are sent again')).toEqual([recovered]);
    });
    await fixture.close();
  });

  it('that hangs makes the service drop spans, not keep them', async () => {
    const receiver = await startOtlpReceiver();
    receiver.answer(() => {});
    const events = new EventStream<TraceExportEvent>((error) => {
      throw error;
    });
    const tracing = createOpenTelemetryTracing({
      endpoint: receiver.url,
      service: 'test',
      version: '0',
      events,
    });
    const makeSpans = (count: number): void => {
      for (let made = 0; made < count; made++) tracing.startRequest('test', {}, (span) => span.end());
    };
    makeSpans(128);
    await eventually(() => expect(receiver.exports).toHaveLength(1));
    makeSpans(10_000);
    receiver.answer((response) => void response.writeHead(200).end('{}'));
    await tracing.close(2_000);
    // The queue, and not what is on the way.
    expect(receiver.spans).toHaveLength(2_048);
    await receiver.close();
  });

  it('gets at a stop what has not been sent yet, by the path and the media type of OTLP', async () => {
    const fixture = await startTracing(sqlite);
    const { traceId } = await fixture.ask('/nothing');
    await fixture.service.stop();
    expect(fixture.receiver.spans.map((span) => span.traceId)).toEqual([traceId]);
    expect(fixture.receiver.exports).toEqual([
      { path: '/v1/traces', headers: expect.objectContaining({ 'content-type': 'application/json' }) },
    ]);
    await fixture.provider.close();
    await fixture.receiver.close();
  });
});

describe('Without a receiver', () => {
  it('there are no traces: none in the log, and none sent to the provider', async () => {
    const provider = await startScriptedProvider(answerJson({ score: 1 }));
    const service = await startProfiles(sqlite, { ENRICHMENT_URL: provider.url });
    const headers = { traceparent: newTrace().traceparent, tracestate: 'a=1', 'content-type': 'application/json' };
    const body = JSON.stringify({ id: 'ada', name: 'Ada', email: 'ada@example.com' });
    await fetch(`${service.url}/api/users`, { method: 'POST', headers, body });
    const response = await fetch(`${service.url}/api/users/ada/enriched`, { headers });
    expect(await response.json()).toMatchObject({ enrichedDataStatus: 'available' });
    expect(provider.requests).toHaveLength(1);
    expect(Object.keys(provider.requests[0]?.headers ?? {}).filter((name) => name.startsWith('trace'))).toEqual([]);
    expect(service.logged.filter((line) => 'traceId' in line)).toEqual([]);
    await service.stop();
    await provider.close();
  });
});
