import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { notConnected, RedisError, redisCodeOf } from '../redis/redis-errors.ts';
import type { Allowance, RateLimit, RateLimiter } from './rate-limiter.ts';

/** Counts in Redis, for all processes together. */
export class RedisRateLimiter implements RateLimiter {
  readonly limit: RateLimit;
  readonly #redis: RedisConnection;
  readonly #counter: RateLimiterRedis;

  /** @param name of what is limited, and by whom; part of the keys in Redis */
  constructor(limit: RateLimit, redis: RedisConnection, name: string) {
    this.limit = limit;
    this.#redis = redis;
    this.#counter = new RateLimiterRedis({
      storeClient: redis.client,
      keyPrefix: `rate-limit:${name}`,
      points: limit.requests,
      duration: limit.windowMs / 1_000,
      rejectIfRedisNotReady: true,
    });
  }

  /** @throws RedisError when Redis does not answer in time, or refuses */
  async take(client: string): Promise<Allowance> {
    try {
      return allowanceOf(await this.#counter.consume(client), true);
    } catch (error) {
      // By this it says that nothing is left.
      if (error instanceof RateLimiterRes) return allowanceOf(error, false);
      throw new RedisError(this.#redis.isConnected ? redisCodeOf(error) : notConnected, { cause: error });
    }
  }
}

function allowanceOf({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Allowance {
  return { allowed, remaining: remainingPoints, resetMs: msBeforeNext };
}
