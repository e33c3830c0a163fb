import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startDeadline, TimeoutError, withTimeout } from '../../../src/platform/resilience/deadline.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('a deadline', () => {
  it('counts down and stays at 0', () => {
    const deadline = startDeadline(300);
    expect(deadline.remainingMs()).toBe(300);
    jest.advanceTimersByTime(120);
    expect(deadline.remainingMs()).toBe(180);
    jest.advanceTimersByTime(1000);
    expect(deadline.remainingMs()).toBe(0);
  });

  it('is not moved by the wall clock', () => {
    const deadline = startDeadline(300);
    jest.setSystemTime(Date.now() + 3_600_000);
    expect(deadline.remainingMs()).toBe(300);
  });
});

describe('withTimeout', () => {
  it('gives the result of work that ends in time', async () => {
    await expect(withTimeout(100, async () => 'done')).resolves.toBe('done');
  });

  it('passes on what the work throws', async () => {
    const failure = new Error('broken');
    await expect(withTimeout(100, () => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('aborts the signal and throws TimeoutError when the time is over, even if the work ignores it', async () => {
    let seen: AbortSignal | undefined;
    const result = withTimeout(100, (signal) => {
      seen = signal;
      return new Promise<never>(() => {});
    });
    const check = expect(result).rejects.toThrow(TimeoutError);

    jest.advanceTimersByTime(99);
    expect(seen?.aborted).toBe(false);
    jest.advanceTimersByTime(1);

    expect(seen?.aborted).toBe(true);
    await check;
  });

  it('throws TimeoutError, not what the work makes of its aborted signal', async () => {
    const result = withTimeout(
      100,
      (signal) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('cancelled')));
        }),
    );
    const check = expect(result).rejects.toMatchObject({ name: 'TimeoutError', timeoutMs: 100 });
    jest.advanceTimersByTime(100);
    await check;
  });
});
