import type { RedisConnection } from '../redis/redis-connection.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { FallbackRateLimiter } from './fallback-rate-limiter.ts';
import { MemoryRateLimiter } from './memory-rate-limiter.ts';
import type { RateLimitEvent } from './rate-limit-events.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { RedisRateLimiter } from './redis-rate-limiter.ts';

const windowMs = 60_000;
/** A hundred bytes or two for each. */
const clientsMax = 100_000;

/**
 * @param options.service who limits: what shares its Redis counts apart
 * @param options.redis where its instances count together; null: each counts for itself
 */
export function createRateLimiter(options: {
  service: string;
  requestsPerMinute: number;
  redis: RedisConnection | null;
  events: EventStream<RateLimitEvent>;
}): RateLimiter {
  const { service, requestsPerMinute: requests, redis, events } = options;
  const limit = { requests, windowMs };
  const own = new MemoryRateLimiter(limit, clientsMax);
  if (redis === null) return own;
  return new FallbackRateLimiter(new RedisRateLimiter(limit, redis, `${service}:api`), own, events);
}
