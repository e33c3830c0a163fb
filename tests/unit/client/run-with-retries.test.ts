import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Attempt, type RetryLimits, runWithRetries } from '../../../src/client/run-with-retries.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const limits: RetryLimits = { deadlineMs: 10_000, retriesMax: 8 };

const failed = (name: string, retryAfterMs: number | null = null): Attempt<string> => ({
  kind: 'failure',
  error: new Error(name),
  isRetriable: true,
  retryAfterMs,
});
const done: Attempt<string> = { kind: 'success', value: 'done' };

describe('A call of the client', () => {
  let virtual: VirtualTime;
  let random: number;
  let sentAtMs: number[];
  beforeEach(() => {
    virtual = new VirtualTime();
    random = 1;
    sentAtMs = [];
  });

  /** Starts a call whose attempts end so, at once; the last outcome stays. */
  function start(
    outcomes: readonly Attempt<string>[],
    { signal, ...changes }: Partial<RetryLimits> & { signal?: AbortSignal } = {},
  ) {
    const time = {
      now: () => virtual.now(),
      schedule: (delayMs: number, action: () => void) => virtual.schedule(delayMs, action),
      random: () => random,
    };
    const begunAt = virtual.now();
    const call = runWithRetries(
      async () => {
        const outcome = outcomes[Math.min(sentAtMs.length, outcomes.length - 1)] ?? done;
        sentAtMs.push(virtual.now() - begunAt);
        return await Promise.resolve(outcome);
      },
      { ...limits, ...changes },
      time,
      signal,
    );
    const ended = call.then(
      (value) => value,
      (error: Error) => error,
    );
    return { ended };
  }

  it('that succeeds is sent once and leaves no timer', async () => {
    const { ended } = start([done]);
    await virtual.pass(0);
    expect(await ended).toBe('done');
    expect({ sentAtMs, pending: virtual.pending }).toEqual({ sentAtMs: [0], pending: 0 });
  });

  it('that fails waits twice as long each time, five seconds at most', async () => {
    const { ended } = start([failed('away')], { deadlineMs: 60_000, retriesMax: 7 });
    await virtual.pass(60_000);
    expect(await ended).toEqual(new Error('away'));
    expect(sentAtMs).toEqual([0, 200, 600, 1_400, 3_000, 6_200, 11_200, 16_200]);
    expect(virtual.pending).toBe(0);
  });

  it('that fails waits for any part of that time', async () => {
    random = 0.25;
    const { ended } = start([failed('away'), failed('away'), done]);
    await virtual.pass(1_000);
    expect(await ended).toBe('done');
    expect(sentAtMs).toEqual([0, 50, 150]);
  });

  it.each([
    [0, 3_000],
    [0.5, 3_100],
  ])('that is told to wait three seconds never comes sooner (random %d: after %d ms)', async (chance, secondMs) => {
    random = chance;
    const { ended } = start([failed('busy', 3_000), done]);
    await virtual.pass(5_000);
    expect(await ended).toBe('done');
    expect(sentAtMs).toEqual([0, secondMs]);
  });

  it('that is told to wait beyond its deadline ends at once', async () => {
    const { ended } = start([failed('busy', 10_000), done]);
    await virtual.pass(0);
    expect(await ended).toEqual(new Error('busy'));
    expect({ sentAtMs, pending: virtual.pending }).toEqual({ sentAtMs: [0], pending: 0 });
  });

  it('that is refused for good is not sent again', async () => {
    const { ended } = start([
      { kind: 'failure', error: new Error('taken'), isRetriable: false, retryAfterMs: 1 },
      done,
    ]);
    await virtual.pass(limits.deadlineMs);
    expect(await ended).toEqual(new Error('taken'));
    expect(sentAtMs).toEqual([0]);
  });

  it('is not sent again when no retries are wanted', async () => {
    const { ended } = start([failed('away'), done], { retriesMax: 0 });
    await virtual.pass(limits.deadlineMs);
    expect(await ended).toEqual(new Error('away'));
    expect(sentAtMs).toEqual([0]);
  });

  it('is told by its signal that the deadline has passed, and ends with what it makes of that', async () => {
    const time = { now: () => virtual.now(), schedule: virtual.schedule.bind(virtual), random: () => 0 };
    const call = runWithRetries(
      async (signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return {
          kind: 'failure',
          error: new Error('late', { cause: signal.reason }),
          isRetriable: true,
          retryAfterMs: null,
        };
      },
      limits,
      time,
    );
    const ended = call.catch((error: unknown) => error);
    await virtual.pass(limits.deadlineMs);
    expect(await ended).toMatchObject({ message: 'late', cause: { name: 'TimeoutError' } });
    expect(virtual.pending).toBe(0);
  });

  it('that its caller ends while it waits throws the reason and is not sent again', async () => {
    const ending = new AbortController();
    const { ended } = start([failed('away'), done], { signal: ending.signal });
    await virtual.pass(100);
    ending.abort(new Error('page closed'));
    await virtual.pass(limits.deadlineMs);
    expect(await ended).toEqual(new Error('page closed'));
    expect({ sentAtMs, pending: virtual.pending }).toEqual({ sentAtMs: [0], pending: 0 });
  });

  it('that its caller has ended before is never sent', async () => {
    const { ended } = start([done], { signal: AbortSignal.abort(new Error('page closed')) });
    expect(await ended).toEqual(new Error('page closed'));
    expect(sentAtMs).toEqual([]);
  });
});
