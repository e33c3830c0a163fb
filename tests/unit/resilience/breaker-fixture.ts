import { afterEach, beforeEach, expect, jest } from '@jest/globals';
import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
} from '../../../src/platform/resilience/circuit-breaker.ts';

export const failure = new Error('broken');

export interface BreakerFixture {
  readonly breaker: CircuitBreaker;
  readonly changes: readonly string[];
  succeed(): Promise<string>;
  fail(): Promise<void>;
}

/**
 * Fakes the clock in every test of the file, and fails the test that leaves a timer behind.
 *
 * @returns what makes a breaker that opens by its failure ratio only, unless told otherwise
 */
export function breakersOnFakeClock(): (options?: Partial<CircuitBreakerOptions>) => BreakerFixture {
  const breakers: CircuitBreaker[] = [];
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] }));
  afterEach(() => {
    for (const breaker of breakers.splice(0)) breaker.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  return (options = {}) => {
    const changes: string[] = [];
    const breaker = createCircuitBreaker({
      name: 'test',
      failureRatio: 0.5,
      volume: 5,
      windowMs: 10_000,
      consecutiveFailures: 100,
      resetMs: 10_000,
      timeoutMs: 4_000,
      onStateChange: ({ name, from, to }) => changes.push(`${name}: ${from} → ${to}`),
      ...options,
    });
    breakers.push(breaker);
    return {
      breaker,
      changes,
      succeed: async () => await breaker.execute(async () => 'data'),
      fail: async () => await expect(breaker.execute(() => Promise.reject(failure))).rejects.toBe(failure),
    };
  };
}

export async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += 1) await work();
}
