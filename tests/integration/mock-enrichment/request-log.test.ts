import { describe, expect, it } from '@jest/globals';
import { RequestLog } from '../../../mock-enrichment/request-log.ts';
import { askFor, runMock, snapshotWhere, statusOf } from './run-mock.ts';

const START_MS = Date.parse('2026-01-02T03:04:05.000Z');

/** A clock that stands still until it is told to go on. */
function fakeClock() {
  let nowMs = START_MS;
  return {
    now: () => nowMs,
    advance: (byMs: number) => {
      nowMs += byMs;
    },
  };
}

describe('GET /control/requests', () => {
  it('lists each request with its arrival and the gap since the previous one of the same user', async () => {
    const clock = fakeClock();
    const mock = await runMock({ mode: 'failing', now: clock.now });
    await statusOf(mock, 'ada');
    clock.advance(50);
    await statusOf(mock, 'grace');
    for (const gapMs of [50, 200, 400]) {
      clock.advance(gapMs);
      await statusOf(mock, 'ada');
    }

    const list = await (await fetch(`${mock.url}/control/requests`)).json();

    const failed = { mode: 'failing', answered: '500', durationMs: 0 };
    expect(list).toEqual({
      count: 5,
      requests: [
        { sequence: 1, userId: 'ada', at: '2026-01-02T03:04:05.000Z', gapMs: null, ...failed },
        { sequence: 2, userId: 'grace', at: '2026-01-02T03:04:05.050Z', gapMs: null, ...failed },
        { sequence: 3, userId: 'ada', at: '2026-01-02T03:04:05.100Z', gapMs: 100, ...failed },
        { sequence: 4, userId: 'ada', at: '2026-01-02T03:04:05.300Z', gapMs: 200, ...failed },
        { sequence: 5, userId: 'ada', at: '2026-01-02T03:04:05.700Z', gapMs: 400, ...failed },
      ],
    });
  });

  it('measures true gaps with its own clock', async () => {
    const mock = await runMock();
    const before = Date.now();
    await statusOf(mock);
    await statusOf(mock);

    const [first, second] = mock.control.requests().requests;

    const elapsedMs = Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '');
    expect(Math.abs((second?.gapMs ?? Number.NaN) - elapsedMs)).toBeLessThanOrEqual(1);
    expect(Math.abs(Date.parse(first?.at ?? '') - before)).toBeLessThan(5000);
  });

  it('keeps the last 100 and counts all', async () => {
    const mock = await runMock();
    for (let number = 1; number <= 103; number += 1) await statusOf(mock, `user-${number}`);

    const { count, requests } = mock.control.requests();

    expect(count).toBe(103);
    expect(requests).toHaveLength(100);
    expect(requests[0]).toMatchObject({ sequence: 4, userId: 'user-4' });
    expect(requests.at(-1)).toMatchObject({ sequence: 103, userId: 'user-103' });
  });

  it('remembers the arrivals of the 1,000 latest users', () => {
    const clock = fakeClock();
    const log = new RequestLog({ now: clock.now, onChange: () => {} });
    const gapOf = (userId: string) => {
      clock.advance(1);
      log.record(userId, 'healthy', 'pending');
      return log.snapshot().requests.at(-1)?.gapMs;
    };
    for (let number = 1; number <= 1000; number += 1) gapOf(`user-${number}`);

    const first = gapOf('user-1');
    gapOf('user-1001');

    expect(first).toBe(1000);
    expect(gapOf('user-1')).toBe(2);
    expect(gapOf('user-2')).toBeNull();
  });

  it('cuts a long id', async () => {
    const mock = await runMock();

    await statusOf(mock, 'x'.repeat(5000));

    expect(mock.control.requests().requests[0]?.userId).toBe(`${'x'.repeat(127)}…`);
  });

  it.each([
    ['rate-limited', '429'],
    ['not-found', '404'],
    ['malformed', '200'],
  ] as const)('notes what %s has answered: %s', async (mode, answered) => {
    const mock = await runMock({ mode });

    await statusOf(mock);

    expect(mock.control.requests().requests).toMatchObject([{ mode, answered }]);
  });

  it('notes the mode and the status of a request that failNext has failed', async () => {
    const mock = await runMock();
    mock.control.change({ failNext: 1 });

    await statusOf(mock);

    expect(mock.control.requests().requests).toMatchObject([{ mode: 'healthy', answered: '500' }]);
  });

  it('notes a dropped connection as reset', async () => {
    const mock = await runMock({ mode: 'reset' });

    await expect(statusOf(mock)).rejects.toThrow('fetch failed');

    expect(mock.control.requests().requests).toMatchObject([{ answered: 'reset' }]);
  });

  it.each([
    ['hanging', 'hanging'],
    ['slow', 'pending'],
  ] as const)('notes a caller that leaves in mode %s, once, and how long it stayed', async (mode, open) => {
    const clock = fakeClock();
    const mock = await runMock({ mode, latencyMs: 60_000, now: clock.now });
    const leave = new AbortController();
    const call = askFor(mock, 'ada', { signal: leave.signal });
    const waiting = await snapshotWhere(mock, ({ count }) => count === 1);
    clock.advance(300);

    leave.abort();
    await expect(call).rejects.toThrow('aborted');
    const left = await snapshotWhere(mock, ({ requests }) => requests[0]?.answered !== open);

    expect(waiting.requests).toMatchObject([{ answered: open, durationMs: null }]);
    expect(left.requests).toMatchObject([{ answered: 'client-gone', durationMs: 300 }]);
  });

  it('takes a user for a new one after a reset', async () => {
    const mock = await runMock();
    await statusOf(mock, 'ada');
    mock.control.reset();

    await statusOf(mock, 'ada');

    expect(mock.control.requests()).toMatchObject({ count: 1, requests: [{ sequence: 1, gapMs: null }] });
  });

  it('does not list a request again that was open during a reset', async () => {
    const mock = await runMock({ mode: 'hanging' });
    const leave = new AbortController();
    const call = askFor(mock, 'ada', { signal: leave.signal });
    await snapshotWhere(mock, ({ count }) => count === 1);
    mock.control.reset();
    leave.abort();
    await expect(call).rejects.toThrow('aborted');

    mock.control.change({ mode: 'healthy' });
    await statusOf(mock, 'grace');

    expect(mock.control.requests()).toMatchObject({ count: 1, requests: [{ sequence: 1, userId: 'grace' }] });
  });
});
