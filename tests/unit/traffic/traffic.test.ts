import { describe, expect, it } from '@jest/globals';
import type { HttpCall, HttpOutcome } from '../../../src/traffic/http-exchange.ts';
import { KnownUsers } from '../../../src/traffic/known-users.ts';
import { runOpenLoop } from '../../../src/traffic/open-loop.ts';
import { OutcomeCounts } from '../../../src/traffic/outcome-counts.ts';
import { pickKind, requestKinds, requestShares, zipfIndex } from '../../../src/traffic/request-mix.ts';
import { TrafficClients } from '../../../src/traffic/traffic-clients.ts';
import { parseTrafficCommand } from '../../../src/traffic/traffic-command.ts';
import { secondLine, summaryLines } from '../../../src/traffic/traffic-lines.ts';

const answered = (status: number, json: Record<string, unknown> | null = null, etag?: string): HttpOutcome => ({
  kind: 'answered',
  status,
  json,
  headers: new Headers(etag === undefined ? {} : { ETag: etag }),
  durationMs: 10,
});

describe('The mix of requests', () => {
  it('has every kind by its share, which add up to all', () => {
    expect(requestKinds.reduce((sum, kind) => sum + requestShares[kind], 0)).toBe(100);
    const picked = new Map<string, number>();
    for (let n = 0; n < 1_000; n++) {
      const kind = pickKind(n / 1_000);
      picked.set(kind, (picked.get(kind) ?? 0) + 1);
    }
    for (const kind of requestKinds) {
      expect(Math.abs((picked.get(kind) ?? 0) - requestShares[kind] * 10)).toBeLessThanOrEqual(1);
    }
  });

  it('asks for few users often, and for each of them', () => {
    const counts = Array.from({ length: 100 }, () => 0);
    for (let n = 0; n < 100_000; n++) {
      const index = zipfIndex(n / 100_000, 100);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts).toHaveLength(100);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect((counts[0] ?? 0) / (counts[1] ?? 1)).toBeGreaterThan(1.5);
    expect((counts[0] ?? 0) / (counts[1] ?? 1)).toBeLessThan(2.5);
    expect([zipfIndex(0, 1), zipfIndex(0.999_999, 1), zipfIndex(0.999_999_9, 7)]).toEqual([0, 0, 6]);
  });
});

describe('Clients', () => {
  const clientsOf = (answer: (call: HttpCall) => HttpOutcome) => {
    const calls: HttpCall[] = [];
    const users = new KnownUsers(100);
    const exchange = (call: HttpCall) => {
      calls.push(call);
      return Promise.resolve(answer(call));
    };
    return { calls, users, clients: new TrafficClients(exchange, { users, random: () => 0 }) };
  };
  const page = (from: number, count: number, nextCursor: string | null) =>
    answered(200, { data: Array.from({ length: count }, (_, n) => ({ id: `user-${from + n}` })), nextCursor });

  it('meet the users page by page', async () => {
    const { clients, users, calls } = clientsOf(({ path }) =>
      path.includes('cursor=a%3D') ? page(40, 20, null) : page(0, 40, 'a='),
    );
    expect(await clients.meetUsers()).toBeNull();
    expect(users.count).toBe(60);
    expect(calls).toHaveLength(2);
  });

  it('create users where there are only a few, each under a key of its own', async () => {
    let created = 0;
    const { clients, users, calls } = clientsOf(({ method }) =>
      method === 'POST' ? answered(201, { id: `new-${created++}` }, '"1"') : page(0, 0, null),
    );
    expect(await clients.meetUsers()).toBeNull();
    expect(users.count).toBe(50);
    const posts = calls.filter(({ method }) => method === 'POST');
    expect(new Set(posts.map(({ headers }) => headers?.['Idempotency-Key'])).size).toBe(50);
  });

  it('say why they know nobody', async () => {
    expect(await clientsOf(() => answered(503)).clients.meetUsers()).toBe('503');
    const refused: HttpOutcome = { kind: 'unanswered', reason: 'ECONNREFUSED', durationMs: 1 };
    expect(await clientsOf(() => refused).clients.meetUsers()).toBe('ECONNREFUSED');
  });

  it('base what they change on the version that they have seen, and ask for it only when it has changed', async () => {
    const { clients, users, calls } = clientsOf(() => answered(200, { id: 'ada' }, '"7"'));
    users.note('ada', null);
    await clients.send('read');
    await clients.send('read-unchanged');
    await clients.send('update');
    expect(calls[0]?.headers).toBeUndefined();
    expect(calls[1]?.headers).toEqual({ 'If-None-Match': '"7"' });
    expect(calls[2]).toMatchObject({ method: 'PUT', path: '/api/users/ada', headers: { 'If-Match': '"7"' } });
  });
});

describe('An open loop', () => {
  it('sends when a request is due, whatever became of those before, up to a limit', async () => {
    const ending = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    let sent = 0;
    let unsent = 0;
    await runOpenLoop({
      rate: 1_000,
      signal: ending.signal,
      random: () => 0.5,
      inFlightMax: 3,
      send: () => {
        sent += 1;
        return promise;
      },
      onUnsent: () => {
        unsent += 1;
        if (unsent < 5) return;
        ending.abort();
        resolve();
      },
    });
    expect([sent, unsent]).toEqual([3, 5]);
  });

  it('fails as what it sends fails', async () => {
    const ending = new AbortController();
    const running = runOpenLoop({
      rate: 1_000,
      signal: ending.signal,
      inFlightMax: 1,
      onUnsent: () => {},
      send: () => {
        ending.abort();
        return Promise.reject(new Error('no such thing'));
      },
    });
    await expect(running).rejects.toThrow('no such thing');
  });
});

describe('What is counted', () => {
  it('takes conflicts, 404 and 304 for answers, and 429, 5xx and silence for errors', () => {
    const counts = new OutcomeCounts();
    for (const status of [200, 304, 404, 412, 429, 503]) counts.record('read', answered(status));
    counts.record('read', { kind: 'unanswered', reason: 'ECONNRESET', durationMs: 1 });
    expect([counts.requests, counts.failed, counts.isAway]).toEqual([7, 3, false]);
    expect(counts.results.map(([result]) => result)).toEqual(['200', '304', '404', '412', '429', '503', 'ECONNRESET']);
  });

  it('knows which share of the enriched profiles had to do without the provider', () => {
    const counts = new OutcomeCounts();
    expect(counts.unavailableShare).toBeNull();
    counts.record('read-enriched', answered(200, { enrichedDataStatus: 'available' }));
    counts.record('read-enriched', answered(200, { enrichedDataStatus: 'unavailable' }));
    counts.record('read-enriched', answered(404));
    expect(counts.unavailableShare).toBe(0.5);
  });

  it('is told in a line a second, also that nobody answers, and in a summary', () => {
    const counts = new OutcomeCounts();
    counts.record('read', answered(200));
    counts.record('read-enriched', answered(200, { enrichedDataStatus: 'unavailable' }));
    const line = secondLine(counts, new Date(0));
    for (const part of ['2/s', 'p50   10', 'p99   10', '0 errors', '200 ×2', 'unavailable 100 %']) {
      expect(line).toContain(part);
    }
    expect(summaryLines(counts, 1)[0]).toBe('2 requests in 1 s; 0 errors (0 %)');

    const away = new OutcomeCounts();
    away.record('read', { kind: 'unanswered', reason: 'ECONNREFUSED', durationMs: 1 });
    expect(secondLine(away, new Date(0))).toMatch(/1 errors {2}ECONNREFUSED ×1 {2}the service does not answer$/);
  });
});

describe('The command line of the traffic', () => {
  it('has defaults, and takes no slash at the end of the address', () => {
    expect(parseTrafficCommand([])).toEqual({ url: 'http://localhost:8080', rate: 50, seconds: null });
    expect(parseTrafficCommand(['--rate', '2.5', '--url', 'https://a.example/', '--seconds', '3'])).toEqual({
      url: 'https://a.example',
      rate: 2.5,
      seconds: 3,
    });
  });

  it.each([
    ['--rate', '0'],
    ['--rate', 'x'],
    ['--seconds', '0'],
    ['--url', 'nowhere'],
    ['--url', 'ftp://a'],
    ['more'],
  ])('is refused when it says %s %s', (...args) => {
    expect(parseTrafficCommand(args)).toBeNull();
  });
});
