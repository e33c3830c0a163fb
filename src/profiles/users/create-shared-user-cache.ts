import { createRedisCache } from '../../platform/cache/redis-cache.ts';
import type { RedisCacheEvent } from '../../platform/cache/redis-cache-events.ts';
import { logRedisCache } from '../../platform/cache/redis-cache-log.ts';
import { recordRedisCache } from '../../platform/cache/redis-cache-metrics.ts';
import type { FollowingSharedCache } from '../../platform/cache/shared-cache.ts';
import type { RedisConnection } from '../../platform/redis/redis-connection.ts';
import type { OperatedBreaker } from '../../platform/resilience/operated-breaker.ts';
import type { Telemetry } from '../../platform/telemetry/create-telemetry.ts';
import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import type { UserView } from './user-view.ts';
import { userViewCodec } from './user-view-codec.ts';

/** Users as the instances of the service remember them together, and what happens with that. */
export interface SharedUserCache {
  readonly cache: FollowingSharedCache<UserView>;
  readonly events: EventSource<RedisCacheEvent>;
  readonly breaker: OperatedBreaker;
}

export function createSharedUserCache(
  connection: RedisConnection,
  { keyPrefix, ttlMs }: { readonly keyPrefix: string; readonly ttlMs: number },
  { logger, metrics, dependencies, stream }: Telemetry,
): SharedUserCache {
  const events = stream<RedisCacheEvent>();
  logRedisCache(events, logger);
  recordRedisCache(events, metrics, dependencies);
  const cache = createRedisCache({ connection, codec: userViewCodec, keyPrefix, ttlMs, events });
  return { cache, events, breaker: cache.breaker };
}
