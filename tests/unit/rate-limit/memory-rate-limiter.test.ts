import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryRateLimiter } from '../../../src/platform/rate-limit/memory-rate-limiter.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('A rate limit in memory', () => {
  const limit = { requests: 2, windowMs: 60_000 };

  it('allows so many within a window that begins with the first, and all again behind it', async () => {
    const limiter = new MemoryRateLimiter(limit, 10);
    expect(await limiter.take('a')).toEqual({ allowed: true, remaining: 1, resetMs: 60_000 });
    jest.advanceTimersByTime(20_000);
    expect(await limiter.take('a')).toEqual({ allowed: true, remaining: 0, resetMs: 40_000 });
    expect(await limiter.take('a')).toEqual({ allowed: false, remaining: 0, resetMs: 40_000 });
    expect(await limiter.take('b')).toMatchObject({ allowed: true, remaining: 1 });
    jest.advanceTimersByTime(40_000);
    expect(await limiter.take('a')).toEqual({ allowed: true, remaining: 1, resetMs: 60_000 });
  });

  it('does not grow with the number of clients', async () => {
    const limiter = new MemoryRateLimiter(limit, 100);
    for (let number = 0; number < 10_000; number++) await limiter.take(`client ${number}`);
    expect(limiter.size).toBe(100);
    expect(await limiter.take('client 9999')).toMatchObject({ remaining: 0 });
  });

  it('forgets clients whose windows have ended', async () => {
    const limiter = new MemoryRateLimiter(limit, 100);
    for (let number = 0; number < 50; number++) await limiter.take(`client ${number}`);
    jest.advanceTimersByTime(60_000);
    await limiter.take('another');
    expect(limiter.size).toBe(1);
  });
});
