import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import {
  answer,
  answerJson,
  type Behaviour,
  breakOff,
  hang,
  held,
  reset,
  talkGarbage,
} from '../../helpers/scripted-provider.ts';
import { type Fixture, type Limits, startFixture } from './enrichment-fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const data = { segment: 'gold' };
const available = { status: 'available', json: '{"segment":"gold"}' };
const tooMuch = JSON.stringify({ filler: 'x'.repeat(64 * 1024) });

describe('E1: the retry schedule over a real socket', () => {
  it('is 100, 200 and 400 ms, each at most 25 ms late', async () => {
    fixture = await startFixture([answer(503), answer(503), answer(503), answerJson(data)]);
    const { client, provider, heldUpMs } = fixture;
    await expect(client.fetch('ada')).resolves.toEqual(available);
    const arrivals = provider.requests.map(({ atMs }) => atMs);
    const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? Number.NaN));
    expect(gaps.length).toBe(3);
    for (const [index, delay] of [100, 200, 400].entries()) {
      // A timer counts whole milliseconds, so it may be a part of one early.
      expect(gaps[index]).toBeGreaterThan(delay - 1);
      expect(gaps[index]).toBeLessThan(delay + 25 + heldUpMs());
    }
  });
});

describe('E2: only what may be retried is', () => {
  const table: readonly [what: string, requests: number, reason: string, Behaviour, Limits][] = [
    ['400', 1, 'unexpected-status', answer(400), {}],
    ['401', 1, 'unexpected-status', answer(401), {}],
    ['204', 1, 'unexpected-status', answer(204), {}],
    ['429', 4, 'rate-limited', answer(429), {}],
    ['429 with a Retry-After beyond the deadline', 1, 'rate-limited', answer(429, '', { 'retry-after': '60' }), {}],
    ['500', 4, 'server-error', answer(500), {}],
    ['503', 4, 'server-error', answer(503), {}],
    ['503 with a Retry-After beyond the deadline', 1, 'server-error', answer(503, '', { 'retry-after': '60' }), {}],
    ['503 with an oversized page', 4, 'server-error', answer(503, tooMuch), {}],
    ['a reset connection', 4, 'network', reset, {}],
    ['a connection that breaks off within the body', 4, 'network', breakOff, {}],
    ['silence', 4, 'timeout', hang, { attemptTimeoutMs: 250 }],
    ['an oversized body', 1, 'oversized', answer(200, tooMuch), {}],
    [
      'an oversized body behind gzip',
      1,
      'oversized',
      answer(200, gzipSync(tooMuch), { 'content-encoding': 'gzip' }),
      {},
    ],
    ['broken gzip', 1, 'malformed', answer(200, 'not gzip', { 'content-encoding': 'gzip' }), {}],
    ['broken Brotli', 1, 'malformed', answer(200, 'not Brotli', { 'content-encoding': 'br' }), {}],
    ['a redirect to itself', 1, 'unexpected-status', answer(302, '', { location: '/base/enrichment/ada' }), {}],
    ['text that is not JSON', 1, 'malformed', answer(200, '{"segment":'), {}],
    ['a JSON array', 1, 'malformed', answer(200, '[]'), {}],
    ['a JSON string', 1, 'malformed', answer(200, '"{}"'), {}],
    ['JSON null', 1, 'malformed', answer(200, 'null'), {}],
    ['an empty body', 1, 'malformed', answer(200, ''), {}],
    ['bytes that are not HTTP', 1, 'malformed', talkGarbage, {}],
  ];

  it.each(table)('%s: %i request(s)', async (_what, requests, reason, behaviour, limits) => {
    fixture = await startFixture([behaviour], limits);
    await expect(fixture.client.fetch('ada')).resolves.toEqual({ status: 'unavailable', reason });
    expect(fixture.provider.requests.length).toBe(requests);
    expect(fixture.events.filter(({ type }) => type === 'attempt-ended').length).toBe(requests);
    expect(fixture.events.at(-2)).toMatchObject({ type: 'call-ended', attempts: requests });
  });

  it.each([
    ['200', answerJson(data), available],
    ['200 behind gzip', answer(200, gzipSync(JSON.stringify(data)), { 'content-encoding': 'gzip' }), available],
    ['404', answer(404), { status: 'notFound' }],
    ['404 with an oversized page', answer(404, tooMuch), { status: 'notFound' }],
  ] as const)('%s: 1 request', async (_what, behaviour, outcome) => {
    fixture = await startFixture([behaviour]);
    await expect(fixture.client.fetch('ada')).resolves.toEqual(outcome);
    expect(fixture.provider.requests.length).toBe(1);
  });

  it('a body of exactly 64 KiB: 1 request', async () => {
    const body = JSON.stringify({ filler: 'x'.repeat(64 * 1024 - '{"filler":""}'.length) });
    fixture = await startFixture([answer(200, body)]);
    await expect(fixture.client.fetch('ada')).resolves.toEqual({ status: 'available', json: body });
  });

  it('a gzip bomb of 100 MB: 1 request, and little of it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    fixture = await startFixture([answer(200, bomb, { 'content-encoding': 'gzip' })]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(fixture.client.fetch('ada')).resolves.toEqual({ status: 'unavailable', reason: 'oversized' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    expect(fixture.provider.requests.length).toBe(1);
  });

  it('connection refused: 4 attempts', async () => {
    fixture = await startFixture([hang]);
    await fixture.provider.close();
    await expect(fixture.client.fetch('ada')).resolves.toEqual({ status: 'unavailable', reason: 'network' });
    expect(fixture.events.at(-2)).toMatchObject({
      type: 'call-ended',
      attempts: 4,
      ending: { failure: { code: 'ECONNREFUSED' } },
    });
  });

  it('caller gone: 1 request, whose answer is still taken', async () => {
    const later = held();
    fixture = await startFixture([later.behaviour], { attemptTimeoutMs: 10_000, deadlineMs: 20_000 });
    const { client, events, provider } = fixture;
    const caller = new AbortController();
    const outcome = client.fetch('ada', { signal: caller.signal });
    await provider.received(1);
    caller.abort();
    await expect(outcome).resolves.toEqual({ status: 'unavailable', reason: 'caller-gone' });

    later.release(answer(503));

    // The call has ended, so nothing can follow.
    await eventually(() =>
      expect(events.at(-1)).toMatchObject({
        type: 'call-ended',
        attempts: 1,
        ending: { outcome: 'failure', failure: { kind: 'server-error' } },
      }),
    );
    expect(provider.requests.length).toBe(1);
  });
});

describe('what a user id can do to the request', () => {
  it.each([
    ['A-z_0.9~', 'A-z_0.9~'],
    ['//evil.test/x', '%2F%2Fevil.test%2Fx'],
    ['http://evil.test', 'http%3A%2F%2Fevil.test'],
    ['../../control', '..%2F..%2Fcontrol'],
    ['%2e%2e', '%252e%252e'],
    ['a?b=c#d', 'a%3Fb%3Dc%23d'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['é😀', '%C3%A9%F0%9F%98%80'],
    ['\ud800', '%EF%BF%BD'],
    ['__proto__', '__proto__'],
  ])('%j is one segment of the path', async (userId, segment) => {
    fixture = await startFixture([answerJson(data)]);
    await expect(fixture.client.fetch(userId)).resolves.toEqual(available);
    expect(fixture.provider.requests.map(({ path }) => path)).toEqual([`/base/enrichment/${segment}`]);
  });

  it.each(['', '.', '..'])('%j cannot be asked for', async (userId) => {
    fixture = await startFixture([answerJson(data)]);
    await expect(fixture.client.fetch(userId)).resolves.toEqual({ status: 'notFound' });
    expect(fixture.provider.requests).toEqual([]);
  });
});

describe('the connections to the provider', () => {
  it('are kept for the next call, and never more than calls at once', async () => {
    fixture = await startFixture([answerJson(data)], { maxConcurrent: 3 });
    const { client, provider } = fixture;
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(['a', 'b', 'c'].map((userId) => client.fetch(userId)));
      expect(provider.connections).toBe(3);
    }
  });

  it('do not go through a proxy that the environment names', async () => {
    const names = ['http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    try {
      process.env['http_proxy'] = process.env['HTTP_PROXY'] = 'http://127.0.0.1:9';
      process.env['no_proxy'] = process.env['NO_PROXY'] = '';
      fixture = await startFixture([answerJson(data)]);
      await expect(fixture.client.fetch('ada')).resolves.toEqual(available);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('are cut when the client closes, and the call on them ends without a retry', async () => {
    fixture = await startFixture([hang]);
    const { client, events, provider } = fixture;
    const outcome = client.fetch('ada');
    await provider.received(1);
    await client.close();
    expect(events.at(-2)).toMatchObject({ type: 'call-ended', attempts: 1, ending: { failure: { kind: 'network' } } });
    await expect(outcome).resolves.toEqual({ status: 'unavailable', reason: 'network' });
    await eventually(() => expect(provider.connections).toBe(0));
  });

  it('are cut also when the client closes while a call is about to open one', async () => {
    // The steps from `fetch` to the socket are microtasks, so closing after each number of them meets every state.
    for (let microtasks = 0; microtasks < 40; microtasks += 1) {
      fixture = await startFixture([answerJson(data)]);
      const { client, provider } = fixture;
      const outcome = client.fetch('ada');
      for (let passed = 0; passed < microtasks; passed += 1) await Promise.resolve();
      await client.close();
      await outcome;
      await eventually(() => expect(provider.connections).toBe(0));
      await fixture.close();
    }
  });
});
