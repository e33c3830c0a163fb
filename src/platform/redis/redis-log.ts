import type { EventSource } from '../telemetry/event-stream.ts';
import type { RedisEvent } from './redis-events.ts';
import type { WriteLine } from '../telemetry/logger.ts';

/**
 * Logs when the connection to Redis is lost, or not to be had at the start, and when it is there again.
 *
 * @returns a function that ends it
 */
export function logRedis(
  events: EventSource<RedisEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  return events.subscribe((event) => {
    if (event.type === 'connection-lost') logger.warn({ code: event.code }, 'Redis is not connected');
    else logger.info({}, 'Redis is connected again');
  });
}
