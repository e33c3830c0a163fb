import { describe, expect, it, jest } from '@jest/globals';
import { TimeoutError } from '../../../src/platform/resilience/deadline.ts';
import { breakersOnFakeClock, failure, times } from './breaker-fixture.ts';

const create = breakersOnFakeClock();

describe('a closed circuit breaker', () => {
  it('passes on results and failures', async () => {
    const { breaker, succeed, fail } = create();
    await expect(succeed()).resolves.toBe('data');
    await fail();
    expect(breaker.state).toBe('closed');
  });

  it('stays closed at half of the calls, and opens when more than half have failed', async () => {
    const { breaker, changes, succeed, fail } = create();
    await times(5, succeed);
    await times(5, fail);
    expect(breaker.state).toBe('closed');
    await fail();
    expect(breaker.state).toBe('open');
    expect(changes).toEqual(['test: closed → open']);
  });

  it('does not open by the share before the volume is reached', async () => {
    const { breaker, fail } = create({ volume: 5 });
    await times(4, fail);
    expect(breaker.state).toBe('closed');
    await fail();
    expect(breaker.state).toBe('open');
  });

  it('forgets what is older than its window', async () => {
    const { breaker, fail } = create();
    await times(4, fail);
    await jest.advanceTimersByTimeAsync(10_000);
    await fail();
    expect(breaker.state).toBe('closed');
  });

  it('opens after the configured number of failures in a row, however many calls are under way', async () => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 5 });
    const hanging = Array.from({ length: 100 }, () => breaker.execute(() => new Promise(() => {})));
    await times(4, fail);
    await succeed();
    await times(4, fail);
    expect(breaker.state).toBe('closed');
    await fail();
    expect(breaker.state).toBe('open');

    const timedOut = Promise.allSettled(hanging);
    await jest.advanceTimersByTimeAsync(4_000);
    expect((await timedOut).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('counts a call that does not end as a failure, with TimeoutError', async () => {
    const { breaker } = create({ consecutiveFailures: 1 });
    const hanging = expect(breaker.execute(() => new Promise(() => {}))).rejects.toThrow(TimeoutError);
    await jest.advanceTimersByTimeAsync(3_999);
    expect(breaker.state).toBe('closed');
    await jest.advanceTimersByTimeAsync(1);
    await hanging;
    expect(breaker.state).toBe('open');
  });

  it('takes an action that throws before its first await for a failed one', async () => {
    const { breaker } = create({ consecutiveFailures: 1 });
    const action = (): Promise<never> => {
      throw failure;
    };
    await expect(breaker.execute(action)).rejects.toBe(failure);
    expect(breaker.state).toBe('open');
  });

  it.each([undefined, null, 'text'])('passes on a rejection with %p', async (reason) => {
    const { breaker } = create();
    await expect(breaker.execute(() => Promise.reject(reason))).rejects.toBe(reason);
  });
});

describe('an open circuit breaker', () => {
  it('refuses calls without making them, and says when it will let one through', async () => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 1 });
    await fail();
    await jest.advanceTimersByTimeAsync(4_000);
    const action = jest.fn(succeed);
    await expect(breaker.execute(action)).rejects.toMatchObject({ name: 'CircuitOpenError', retryAfterMs: 6_000 });
    expect(action).not.toHaveBeenCalled();
  });

  it('opens again as fast after 10,000 refused calls', async () => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 100, volume: 5 });
    await times(5, fail);
    await times(10_000, () => breaker.execute(succeed).catch(() => {}));
    await jest.advanceTimersByTimeAsync(10_000);
    await succeed();
    await times(3, fail);
    expect(breaker.state).toBe('closed');
    await fail();
    expect(breaker.state).toBe('open');
  });

  it('tells calls that started before that they are no longer admitted', async () => {
    const { breaker, fail } = create({ consecutiveFailures: 1, resetMs: 1_000 });
    let admitted: (() => boolean) | undefined;
    const gate = Promise.withResolvers<string>();
    const early = breaker.execute((isAdmitted) => {
      admitted = isAdmitted;
      return gate.promise;
    });
    expect(admitted?.()).toBe(true);
    await fail();
    expect(admitted?.()).toBe(false);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
    expect(admitted?.()).toBe(false);
    gate.resolve('late');
    await expect(early).resolves.toBe('late');
  });
});
