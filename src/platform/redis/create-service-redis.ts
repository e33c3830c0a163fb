import type { Lifecycle } from '../lifecycle.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { createRedisConnection, type RedisConnection } from './redis-connection.ts';
import type { RedisEvent } from './redis-events.ts';
import { logRedis } from './redis-log.ts';
import { recordRedis } from './redis-metrics.ts';

/**
 * Redis as a service works with it, not yet opened: all of it told.
 *
 * @param url null: there is none
 */
export function createServiceRedis(
  url: string | null,
  { telemetry, lifecycle }: { readonly telemetry: Telemetry; readonly lifecycle: Lifecycle },
): RedisConnection | null {
  const events = telemetry.stream<RedisEvent>();
  logRedis(events, telemetry.logger);
  const redis = url === null ? null : createRedisConnection(url, events);
  recordRedis(redis, telemetry.metrics);
  if (redis !== null) lifecycle.onStop('Redis', () => redis.close());
  return redis;
}
