import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { createUser, startTracing, type TracingFixture } from './tracing-fixture.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

let fixture: TracingFixture;
beforeAll(async () => {
  fixture = await startTracing(sqlite);
  await createUser(fixture, 'ada');
});
afterAll(() => fixture?.close());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const valid = `00-${traceId}-${parentId}-01`;
const outgoing = /^00-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>0[01])$/;

/** What the provider is sent when a request comes with these headers, each as many times as it has values. */
async function passedOn(headers: Record<string, string | string[]>) {
  const before = fixture.provider.requests.length;
  const sent = request(`${fixture.service.url}/api/users/ada/enriched`, { headers });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  const received = fixture.provider.requests[before]?.headers;
  const match = outgoing.exec(String(received?.['traceparent']));
  if (match?.groups === undefined) throw new Error(`The provider was sent ${String(received?.['traceparent'])}`);
  return { ...match.groups, tracestate: received?.['tracestate'] };
}

// https://www.w3.org/TR/trace-context/#traceparent-header
describe('A traceparent', () => {
  it.each([
    ['of version 00', valid],
    ['with flags beyond those that are known', `00-${traceId}-${parentId}-ff`],
    ['of a version to come', `01-${traceId}-${parentId}-01`],
    ['of a version to come, with more behind it', `cc-${traceId}-${parentId}-01-what-the-future-will-be-like`],
  ])('%s is continued', async (_name, traceparent) => {
    const passed = await passedOn({ traceparent });
    expect(passed).toMatchObject({ traceId, flags: '01' });
    expect(passed).not.toMatchObject({ spanId: parentId });
  });

  it.each([
    ['that is missing', undefined],
    ['that is empty', ''],
    ['of the version ff, which is none', `ff-${traceId}-${parentId}-01`],
    ['of version 00 with more behind it', `${valid}-more`],
    ['of a version to come, with something else behind it', `cc-${traceId}-${parentId}-01.what`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['with a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['in upper case', `00-${traceId.toUpperCase()}-${parentId}-01`],
    ['with a short trace id', `00-${traceId.slice(1)}-${parentId}-01`],
    ['with a short parent id', `00-${traceId}-${parentId.slice(1)}-01`],
    ['with a character that is no digit', `00-${traceId.slice(1)}g-${parentId}-01`],
    ['without flags', `00-${traceId}-${parentId}`],
    ['with flags that are none', `00-${traceId}-${parentId}-0x`],
    ['sent twice', [valid, valid]],
    ['sent twice, the first of a version to come', [`cc-${traceId}-${parentId}-01-x`, valid]],
  ])('%s begins a new trace', async (_name, traceparent) => {
    const passed = await passedOn(traceparent === undefined ? {} : { traceparent, tracestate: 'a=1' });
    expect(passed).not.toMatchObject({ traceId });
    expect(passed).toMatchObject({ flags: '01', tracestate: undefined });
  });

  it('that asks for no recording is passed on as such, and nothing is recorded', async () => {
    const unsampled = 'cccccccccccccccccccccccccccccccc';
    const passed = await passedOn({ traceparent: `00-${unsampled}-${parentId}-00`, tracestate: 'a=1' });
    expect(passed).toMatchObject({ traceId: unsampled, flags: '00', tracestate: 'a=1' });
    // One that is recorded goes out behind it.
    const sampled = 'dddddddddddddddddddddddddddddddd';
    await passedOn({ traceparent: `00-${sampled}-${parentId}-01` });
    const traces = () => new Set(fixture.receiver.spans.map((span) => span.traceId));
    await eventually(() => expect(traces()).toContain(sampled));
    expect(traces()).not.toContain(unsampled);
    expect(fixture.service.logged).toContainEqual(expect.objectContaining({ traceId: unsampled }));
  });

  it('names the parent of the request', async () => {
    const own = 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
    await passedOn({ traceparent: `00-${own}-${parentId}-01`, tracestate: 'a=1' });
    const root = () => fixture.receiver.spans.find((span) => span.traceId === own && span.kind === 'server');
    await eventually(() => expect(root()).toMatchObject({ parentSpanId: parentId, traceState: 'a=1' }));
  });
});

// https://www.w3.org/TR/trace-context/#tracestate-header
describe('A tracestate', () => {
  it.each([
    ['of one member', 'rojo=00f067aa0ba902b7', 'rojo=00f067aa0ba902b7'],
    [
      'of several members, their order kept',
      'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
      'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    ],
    ['in several headers', ['congo=1', 'rojo=2'], 'congo=1,rojo=2'],
    ['with empty members, which are left out', 'congo=1,,rojo=2', 'congo=1,rojo=2'],
    ['with a tenant in its key', 'fw529a3039@dt=FfUXAkO', 'fw529a3039@dt=FfUXAkO'],
    ['without a valid member, which is left out', 'no member', undefined],
  ])('%s is passed on', async (_name, tracestate, expected) => {
    expect(await passedOn({ traceparent: valid, tracestate })).toMatchObject({ traceId, tracestate: expected });
  });

  it('without a traceparent is dropped', async () => {
    expect(await passedOn({ tracestate: 'a=1' })).toMatchObject({ tracestate: undefined });
  });
});
