import { describe, expect, it, jest } from '@jest/globals';
import { clientsOnFakeClock, hang, status } from './client-fixture.ts';

const create = clientsOnFakeClock();

describe('E1: the retry schedule', () => {
  it('is 100, 200 and 400 ms after the failures before, to the millisecond', async () => {
    const { sentAt, fetchFor } = create([status(503), status(503), status(503), status(200, '{"segment":"gold"}')]);
    const { outcome, tookMs } = await fetchFor(1_000);
    expect(outcome).toEqual({ status: 'available', json: '{"segment":"gold"}' });
    expect(sentAt).toEqual([0, 100, 300, 700]);
    expect(tookMs).toBe(700);
  });

  it('counts from the end of the attempt before', async () => {
    const { sentAt, fetchFor } = create([hang]);
    const { outcome, tookMs } = await fetchFor(5_000);
    expect(outcome).toEqual({ status: 'unavailable', reason: 'timeout' });
    expect(sentAt).toEqual([0, 600, 1_300, 2_200]);
    expect(tookMs).toBe(2_700);
  });

  it('is reported step by step', async () => {
    const { events, fetchFor } = create([status(503), status(404)]);
    await fetchFor(1_000);
    const failure = { kind: 'server-error', status: 503 };
    expect(events).toEqual([
      { type: 'call-started', userId: 'ada', requestId: null },
      { type: 'attempt-ended', userId: 'ada', attempt: 1, durationMs: 0, ending: { outcome: 'failure', failure } },
      { type: 'retry-scheduled', userId: 'ada', retry: 1, delayMs: 100 },
      {
        type: 'attempt-ended',
        userId: 'ada',
        attempt: 2,
        durationMs: 0,
        ending: { outcome: 'success', status: 'notFound' },
      },
      {
        type: 'call-ended',
        userId: 'ada',
        attempts: 2,
        durationMs: 100,
        ending: { outcome: 'success', status: 'notFound' },
      },
    ]);
  });
});

describe('E4: the deadline of a call', () => {
  it('skips a retry whose delay does not end before it', async () => {
    const { sentAt, fetchFor } = create([status(503)], { deadlineMs: 700 });
    const { outcome, tookMs } = await fetchFor(5_000);
    expect(outcome).toEqual({ status: 'unavailable', reason: 'server-error' });
    expect(sentAt).toEqual([0, 100, 300]);
    expect(tookMs).toBe(300);
  });

  it('clips the last attempt', async () => {
    const { sentAt, fetchFor } = create([hang], { deadlineMs: 1_000 });
    const { outcome, tookMs } = await fetchFor(5_000);
    expect(outcome).toEqual({ status: 'unavailable', reason: 'timeout' });
    expect(sentAt).toEqual([0, 600]);
    expect(tookMs).toBe(1_000);
  });

  it('ends the call when the provider asks for more time than is left', async () => {
    const { sentAt, fetchFor } = create([status(429, '', { 'retry-after': '3' })]);
    const { outcome, tookMs } = await fetchFor(5_000);
    expect(outcome).toEqual({ status: 'unavailable', reason: 'rate-limited' });
    expect(sentAt).toEqual([0]);
    expect(tookMs).toBe(0);
  });

  it('lets the schedule stand when the provider asks for less', async () => {
    const { sentAt, fetchFor } = create([status(503, '', { 'retry-after': '2' }), status(404)]);
    await fetchFor(5_000);
    expect(sentAt).toEqual([0, 100]);
  });

  it('understands a date that the provider asks to wait for', async () => {
    const { sentAt, fetchFor } = create([
      status(503, '', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }),
    ]);
    await fetchFor(5_000);
    expect(sentAt).toEqual([0]);
  });

  it('sends nothing when the process was held up until it had passed', async () => {
    const { client, sentAt } = create([status(503)]);
    const outcome = client.fetch('ada');
    await jest.advanceTimersByTimeAsync(50);
    // Time passes while no timer can run, as when the event loop is blocked.
    const now = performance.now();
    const blocked = jest.spyOn(performance, 'now').mockReturnValue(now + 3_000);
    await jest.advanceTimersByTimeAsync(100);
    expect(await outcome).toEqual({ status: 'unavailable', reason: 'server-error' });
    blocked.mockRestore();
    expect(sentAt).toEqual([0]);
  });
});

describe('E2: a caller that goes away', () => {
  it('ends the retries of its call, also one that is waiting for its turn', async () => {
    const { client, sentAt, events } = create([status(503)]);
    const caller = new AbortController();
    const outcome = client.fetch('ada', { signal: caller.signal });
    await jest.advanceTimersByTimeAsync(150);
    expect(sentAt).toEqual([0, 100]);
    caller.abort();
    expect(await outcome).toEqual({ status: 'unavailable', reason: 'caller-gone' });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(sentAt).toEqual([0, 100]);
    expect(events.at(-1)).toMatchObject({ type: 'call-ended', attempts: 2, ending: { outcome: 'failure' } });
  });

  it('leaves the attempt under way alone, whose answer the breaker counts', async () => {
    const { client, events } = create([hang]);
    const caller = new AbortController();
    const outcome = client.fetch('ada', { signal: caller.signal });
    await jest.advanceTimersByTimeAsync(150);
    caller.abort();
    await outcome;
    expect(events.map(({ type }) => type)).toEqual(['call-started', 'fallback']);
    await jest.advanceTimersByTimeAsync(350);
    expect(events.at(-1)).toMatchObject({ type: 'call-ended', attempts: 1, ending: { outcome: 'timeout' } });
  });

  it('has its call taken over by the next caller, with the retries that are left', async () => {
    const { client, sentAt, fetchFor } = create([status(503), status(503), status(200, '{"segment":"gold"}')]);
    const caller = new AbortController();
    const left = client.fetch('ada', { signal: caller.signal });
    await jest.advanceTimersByTimeAsync(50);
    caller.abort();
    await left;
    const { outcome } = await fetchFor(1_000);
    expect(outcome).toEqual({ status: 'available', json: '{"segment":"gold"}' });
    expect(sentAt).toEqual([0, 100, 300]);
  });

  it('was never there when it had gone before it asked', async () => {
    const { sentAt, fetchFor } = create([status(200, '{}')]);
    const { outcome } = await fetchFor(0, AbortSignal.abort());
    expect(outcome).toEqual({ status: 'unavailable', reason: 'caller-gone' });
    expect(sentAt).toEqual([]);
  });
});
