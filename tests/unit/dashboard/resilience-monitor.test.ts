import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import type { OutcomeCounts } from '../../../src/profiles/dashboard/resilience-snapshot.ts';
import { beginning, type MonitorFixture, monitorOnVirtualTime, requestEnded } from './monitor-fixture.ts';

const none: OutcomeCounts = { success: 0, failure: 0, timeout: 0, shortCircuited: 0, rejected: 0, fallback: 0 };

let fixture: MonitorFixture;
beforeEach(() => {
  fixture = monitorOnVirtualTime();
});

const ok = (): void => fixture.database.events.emit({ type: 'call-ended', outcome: 'success', durationMs: 10 });
const failed = (): void => fixture.database.events.emit({ type: 'call-ended', outcome: 'failure', durationMs: 10 });
const timesOf = (count: number, emit: () => void): void => {
  for (let done = 0; done < count; done += 1) emit();
};

describe('The monitor of clients', () => {
  it.each<[string, HttpEvent, Partial<OutcomeCounts>]>([
    ['an answer', requestEnded(), { success: 1 }],
    ['a refusal that the client has earned', requestEnded({ status: 404, code: 'user-not-found' }), { success: 1 }],
    ['a failure', requestEnded({ status: 503, code: 'database-unavailable' }), { failure: 1 }],
    ['a refusal for want of room', requestEnded({ status: 503, code: 'overloaded' }), { rejected: 1 }],
    ['a refusal at the front', { type: 'request-shed', method: 'GET', reason: 'queue-full' }, { rejected: 1 }],
    [
      'something unreadable',
      { type: 'request-unreadable', requestId: 'r-1', status: 400, code: 'malformed-request' },
      { success: 1 },
    ],
    ['one that hung up', requestEnded({ abandoned: true, status: undefined }), {}],
    ['a probe', requestEnded({ route: '/ready', status: 503 }), {}],
    ['a scrape', requestEnded({ route: '/metrics' }), {}],
    ['an operator', requestEnded({ route: '/ops/breakers/:name' }), {}],
    ['the dashboard', requestEnded({ route: '/dashboard' }), {}],
    ['a file of the dashboard', requestEnded({ route: '/dashboard/:file' }), {}],
  ])('counts %s', (_what, event, counts) => {
    fixture.http.emit({ type: 'request-started' });
    fixture.http.emit(event);
    expect(fixture.monitor.snapshot().edges.clients).toMatchObject({ ...none, ...counts });
  });

  it('knows how long answers took', () => {
    for (let durationMs = 1; durationMs <= 100; durationMs += 1) fixture.http.emit(requestEnded({ durationMs }));
    const { p50Ms, p95Ms, p99Ms } = fixture.monitor.snapshot().edges.clients;
    for (const [found, exact] of [
      [p50Ms, 50],
      [p95Ms, 95],
      [p99Ms, 99],
    ] as const) {
      expect(Math.abs((found ?? 0) - exact) / exact).toBeLessThan(0.055);
    }
  });
});

describe('The monitor of dependencies', () => {
  it('counts calls by how they ended and why they were not made', () => {
    const { database, cache, enrichment, monitor } = fixture;
    for (const outcome of ['success', 'failure', 'timeout'] as const) {
      database.events.emit({ type: 'call-ended', outcome, durationMs: 1 });
      cache.events.emit({ type: 'call-ended', outcome, durationMs: 1 });
    }
    database.events.emit({ type: 'short-circuited' });
    database.events.emit({ type: 'admission-refused', reason: 'queue-full' });
    cache.events.emit({ type: 'short-circuited' });
    cache.events.emit({ type: 'put-rejected' });
    enrichment.events.emit({ type: 'short-circuited', userId: 'u', requestId: null });
    enrichment.events.emit({ type: 'rejected', userId: 'u', requestId: null });
    enrichment.events.emit({ type: 'fallback', userId: 'u', reason: 'rejected' });

    const { edges, breakers } = monitor.snapshot();
    const all = { success: 1, failure: 1, timeout: 1, shortCircuited: 1, rejected: 1, fallback: 0 };
    expect(edges.database).toMatchObject({ ...all, errorShare: 2 / 3, isUsed: true });
    expect(edges.cache).toMatchObject(all);
    expect(edges.enrichment).toMatchObject({ ...none, shortCircuited: 1, rejected: 1, fallback: 1, p50Ms: null });
    expect(breakers.map(({ name, counts }) => [name, counts])).toEqual([
      ['enrichment', { ...none, shortCircuited: 1, rejected: 1, fallback: 1 }],
      ['database', all],
      ['cache', all],
    ]);
  });

  it('says that there is no shared cache when there is none', () => {
    const { monitor } = monitorOnVirtualTime({ hasCache: false });
    const { edges, breakers } = monitor.snapshot();
    expect(edges.cache).toMatchObject({ ...none, isUsed: false, health: 'idle' });
    expect(breakers.map(({ name }) => name)).toEqual(['enrichment', 'database']);
    expect(monitor.control('cache', 'open', 'ada')).toBeNull();
  });

  it.each([
    ['idle', 0, 0],
    ['healthy', 20, 0],
    ['healthy', 19, 1],
    ['degraded', 18, 2],
    ['degraded', 5, 5],
    ['down', 4, 5],
  ] as const)('finds the database %s after %i successes and %i failures', (health, successes, failures) => {
    timesOf(successes, ok);
    timesOf(failures, failed);
    expect(fixture.monitor.snapshot().edges.database.health).toBe(health);
  });

  it('finds the database degraded when it has refused', () => {
    timesOf(100, ok);
    fixture.database.events.emit({ type: 'admission-refused', reason: 'queue-full' });
    expect(fixture.monitor.snapshot().edges.database.health).toBe('degraded');
  });

  it.each([
    ['open', 'down'],
    ['half-open', 'degraded'],
  ] as const)('finds the database with a breaker that is %s %s', (state, health) => {
    timesOf(100, ok);
    fixture.database.breaker.state = state;
    expect(fixture.monitor.snapshot().edges.database.health).toBe(health);
  });
});

describe('The history', () => {
  it('has one point for each whole second, the empty ones too', async () => {
    const { monitor, time } = fixture;
    timesOf(2, ok);
    await time.pass(1_000);
    failed();
    expect(monitor.snapshot().points.map(({ at }) => at)).toEqual([beginning]);
    await time.pass(3_500);
    const { points } = monitor.snapshot();
    expect(points.map(({ at }) => at - beginning)).toEqual([0, 1_000, 2_000, 3_000]);
    expect(points.map(({ edges: { database } }) => [database.success, database.failure])).toEqual([
      [2, 0],
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(points[0]?.edges.database.p50Ms).toBeCloseTo(10, 0);
    expect(points[2]?.edges.database).toEqual({ ...none, p50Ms: null, p95Ms: null, p99Ms: null });
  });

  it('is of five minutes, however long nobody came', async () => {
    const { monitor, time } = fixture;
    ok();
    await time.pass(3_600_000);
    const { points, edges, uptimeSeconds } = monitor.snapshot();
    expect(points.length).toBe(300);
    expect(points.at(-1)?.at).toBe(beginning + 3_599_000);
    expect(points[0]?.at).toBe(beginning + 3_300_000);
    expect(edges.database).toMatchObject(none);
    expect(uptimeSeconds).toBe(3_600);
  });

  it('has figures of the second that goes on and the nine before it', async () => {
    const { monitor, time } = fixture;
    ok();
    await time.pass(1_000);
    timesOf(2, ok);
    await time.pass(8_999);
    expect(monitor.snapshot().edges.database.success).toBe(3);
    await time.pass(1);
    expect(monitor.snapshot().edges.database.success).toBe(2);
    await time.pass(1_000);
    expect(monitor.snapshot().edges.database).toMatchObject({ ...none, perSecond: 0 });
  });

  it('has rates over the time that they cover', async () => {
    const { monitor, time } = fixture;
    timesOf(30, ok);
    expect(monitor.snapshot().edges.database.perSecond).toBe(30);
    await time.pass(2_000);
    expect(monitor.snapshot().edges.database.perSecond).toBe(15);
    await time.pass(7_500);
    expect(monitor.snapshot().edges.database.perSecond).toBe(3.16);
  });

  it('leaves nothing to be done later', async () => {
    ok();
    fixture.monitor.snapshot();
    expect(fixture.time.pending).toBe(0);
  });
});

describe('A snapshot', () => {
  it('says whose it is', () => {
    expect(fixture.monitor.snapshot()).toMatchObject({
      at: beginning,
      service: 'test',
      version: '1.2.3',
      worker: 2,
      controls: { breakers: true, provider: false },
    });
  });

  it('has a greater id than any before it', () => {
    const ids = Array.from({ length: 5 }, () => fixture.monitor.snapshot().id);
    expect(new Set(ids).size).toBe(5);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(ids.every((id) => Number.isSafeInteger(id))).toBe(true);
  });

  it('has only what came after the one that was named', async () => {
    const { monitor, time, enrichment } = fixture;
    const ask = (userId: string): void => enrichment.events.emit({ type: 'short-circuited', userId, requestId: null });
    ask('first');
    await time.pass(1_000);
    const { id } = monitor.snapshot();
    ask('second');
    await time.pass(2_000);
    const other = monitor.snapshot(id);
    expect(other.calls.map(({ userId }) => userId)).toEqual(['second']);
    expect(other.points.map(({ at }) => at - beginning)).toEqual([1_000, 2_000]);
    expect(monitor.snapshot(other.id)).toMatchObject({ calls: [], points: [] });
    expect(monitor.snapshot(id).points).toEqual(other.points);
  });

  it.each([
    ['an earlier process', -1_000_000],
    ['a later one', 1_000_000],
  ])('has everything when the one that was named is of %s', async (_whose, distance) => {
    const { monitor, time } = fixture;
    await time.pass(2_000);
    expect(monitor.snapshot(monitor.snapshot().id + distance).points.length).toBe(2);
  });
});

describe('Snapshots of two processes that began in the same moment', () => {
  it('have everything when the one that was named is of the other', async () => {
    const [one, other] = [fixture, monitorOnVirtualTime()];
    await one.time.pass(2_000);
    await other.time.pass(2_000);
    for (let count = 0; count < 10; count += 1) one.monitor.snapshot();
    for (let count = 0; count < 20; count += 1) other.monitor.snapshot();
    expect(other.monitor.snapshot(one.monitor.snapshot().id).points.length).toBe(2);
  });
});

describe('Changes of breakers', () => {
  it('are remembered, the last twenty of each, with who made them', async () => {
    const { database, monitor, time } = fixture;
    database.events.emit({ type: 'breaker-state-changed', from: 'closed', to: 'open', by: null });
    await time.pass(500);
    database.events.emit({ type: 'breaker-state-changed', from: 'open', to: 'closed', by: 'ada' });
    expect(monitor.snapshot().changes).toEqual([
      { breaker: 'database', at: beginning, from: 'closed', to: 'open', by: null },
      { breaker: 'database', at: beginning + 500, from: 'open', to: 'closed', by: 'ada' },
    ]);
    timesOf(20, () =>
      fixture.cache.events.emit({ type: 'breaker-state-changed', from: 'half-open', to: 'open', by: null }),
    );
    timesOf(5, () =>
      fixture.cache.events.emit({ type: 'breaker-state-changed', from: 'open', to: 'half-open', by: null }),
    );
    const { changes, id } = monitor.snapshot();
    expect(changes.map(({ breaker }) => breaker)).toEqual([
      'database',
      'database',
      ...Array.from({ length: 20 }, () => 'cache'),
    ]);
    expect(changes.at(-1)).toMatchObject({ to: 'half-open' });
    expect(monitor.snapshot(id).changes.length).toBe(22);
  });

  it('are told at once to those who listen, of all three breakers', () => {
    let told = 0;
    const end = fixture.monitor.onBreakerChange(() => (told += 1));
    for (const { events } of [fixture.database, fixture.cache, fixture.enrichment]) {
      events.emit({ type: 'breaker-state-changed', from: 'closed', to: 'open', by: null });
    }
    expect(told).toBe(3);
    end();
    fixture.database.events.emit({ type: 'breaker-state-changed', from: 'open', to: 'half-open', by: null });
    expect(told).toBe(3);
  });

  it('are made by control, which answers with how the breaker is then', () => {
    const { monitor, enrichment } = fixture;
    expect(monitor.control('enrichment', 'open', 'ada')).toEqual({
      name: 'enrichment',
      state: 'open',
      isForced: true,
      volume: 4,
      errorShare: 0.25,
      consecutiveFailures: 1,
      nextProbeInMs: null,
      since: beginning,
      limits: enrichment.breaker.limits,
      counts: none,
    });
    monitor.control('enrichment', 'close', 'grace');
    monitor.control('enrichment', 'reset', 'alan');
    expect(enrichment.breaker.done).toEqual(['open by ada', 'close by grace', 'reset by alan']);
  });
});
