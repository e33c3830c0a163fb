import { notConnected, RedisError } from '../redis/redis-errors.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import type { RateLimitEvent } from './rate-limit-events.ts';
import type { WriteLine } from '../telemetry/logger.ts';

/**
 * Logs when a Redis that is connected does not count, and when it does again. That it is not connected has a line of its
 * own, and so has a request that was refused.
 *
 * @returns a function that ends it
 */
export function logRateLimits(
  events: EventSource<RateLimitEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  let isTold = false;
  return events.subscribe((event) => {
    switch (event.type) {
      case 'store-failed': {
        const code = event.error instanceof RedisError ? event.error.code : undefined;
        if (isTold || code === notConnected) return undefined;
        isTold = true;
        return logger.warn({ code }, 'Redis does not count requests, each instance limits for itself');
      }
      case 'store-regained':
        if (isTold) logger.info({}, 'Redis counts requests again, limits hold over all instances');
        isTold = false;
        return undefined;
      case 'decided':
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
