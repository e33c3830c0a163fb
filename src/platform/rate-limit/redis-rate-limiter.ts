import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { Allowance, RateLimit, RateLimiter } from './rate-limiter.ts';

/** Counts in Redis, for all processes together. */
export class RedisRateLimiter implements RateLimiter {
  readonly limit: RateLimit;
  readonly #counter: RateLimiterRedis;

  /** @param name of what is limited; part of the keys in Redis */
  constructor(limit: RateLimit, redis: RedisConnection, name: string) {
    this.limit = limit;
    this.#counter = new RateLimiterRedis({
      storeClient: redis.client,
      keyPrefix: `rate-limit:${name}`,
      points: limit.requests,
      duration: limit.windowMs / 1_000,
      rejectIfRedisNotReady: true,
    });
  }

  /** @throws Error when Redis does not answer in time */
  async take(client: string): Promise<Allowance> {
    try {
      return allowanceOf(await this.#counter.consume(client), true);
    } catch (error) {
      // By this it says that nothing is left.
      if (error instanceof RateLimiterRes) return allowanceOf(error, false);
      throw error;
    }
  }
}

function allowanceOf({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Allowance {
  return { allowed, remaining: remainingPoints, resetMs: msBeforeNext };
}
