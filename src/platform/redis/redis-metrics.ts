import type { Registry } from 'prom-client';
import { gaugeOnScrape } from '../telemetry/metrics.ts';
import type { RedisConnection } from './redis-connection.ts';

/** @param redis null: there is none to be connected to, and no series that would look like an outage */
export function recordRedis(redis: Pick<RedisConnection, 'isConnected'> | null, registry: Registry): void {
  const help = '1 while there is a connection to Redis, else 0; no series without a Redis.';
  gaugeOnScrape(registry, { name: 'redis_connected', help, aggregator: 'min' }, (gauge) => {
    if (redis === null) gauge.remove();
    else gauge.set(redis.isConnected ? 1 : 0);
  });
}
