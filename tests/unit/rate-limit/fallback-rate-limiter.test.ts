import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FallbackRateLimiter } from '../../../src/platform/rate-limit/fallback-rate-limiter.ts';
import { MemoryRateLimiter } from '../../../src/platform/rate-limit/memory-rate-limiter.ts';
import type { RateLimitEvent } from '../../../src/platform/rate-limit/rate-limit-events.ts';
import type { Allowance } from '../../../src/platform/rate-limit/rate-limiter.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('A rate limit whose shared counter may be away', () => {
  const limit = { requests: 2, windowMs: 60_000 };
  const answer: Allowance = { allowed: true, remaining: 1, resetMs: 1 };

  function scene() {
    const events: RateLimitEvent['type'][] = [];
    const stream = new EventStream<RateLimitEvent>((error) => {
      throw error;
    });
    stream.subscribe(({ type }) => void events.push(type));
    const take = jest.fn<() => Promise<Allowance>>();
    return {
      events,
      take,
      limiter: new FallbackRateLimiter({ limit, take }, new MemoryRateLimiter(limit, 10), stream),
    };
  }

  it('asks it once a second, and counts alone meanwhile', async () => {
    const { events, take, limiter } = scene();
    take.mockRejectedValue(new Error('away'));
    const allowed = [await limiter.take('a'), await limiter.take('a'), await limiter.take('a')];
    expect(allowed.map((allowance) => allowance.allowed)).toEqual([true, true, false]);
    expect(take).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1_000);
    await Promise.all([limiter.take('a'), limiter.take('a')]);
    expect(take).toHaveBeenCalledTimes(2);
    expect(events).toEqual(['store-failed', 'store-failed']);
  });

  it('counts with the others again as soon as it answers', async () => {
    const { events, take, limiter } = scene();
    take.mockRejectedValueOnce(new Error('away')).mockResolvedValue(answer);
    await limiter.take('a');
    jest.advanceTimersByTime(1_000);
    expect(await limiter.take('a')).toBe(answer);
    expect(await limiter.take('a')).toBe(answer);
    expect(events).toEqual(['store-failed', 'store-regained']);
  });
});
