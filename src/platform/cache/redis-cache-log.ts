import { logBreakerChange } from '../telemetry/breaker-log.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import type { WriteLine } from '../telemetry/logger.ts';
import type { LeaveReason, RedisCacheEvent } from './redis-cache-events.ts';

/** These have lines of their own: of the connection to Redis, and of the journal of changes. */
const toldElsewhere: ReadonlySet<string> = new Set<LeaveReason>([
  'not-connected',
  'not-following',
  'journal-unreadable',
]);

/**
 * Logs when a Redis that is connected cannot be used as a cache, and when it is used again.
 *
 * @returns a function that ends it
 */
export function logRedisCache(
  events: EventSource<RedisCacheEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine; readonly error: WriteLine },
): () => void {
  let isTold = false;
  return events.subscribe((event) => {
    switch (event.type) {
      case 'breaker-state-changed':
        return logBreakerChange(logger, 'cache', event);
      case 'left':
        if (event.error !== undefined) logger.error({ err: event.error }, 'The shared cache met a defect');
        if (isTold || toldElsewhere.has(event.code)) return undefined;
        isTold = true;
        return logger.warn({ code: event.code }, 'The shared cache is not used');
      case 'joined':
        if (isTold) logger.info({}, 'The shared cache is used again');
        isTold = false;
        return undefined;
      case 'call-ended':
      case 'short-circuited':
      case 'put-rejected':
      case 'put-ended':
      case 'entry-unreadable':
        // Several for each request; the metrics add them up.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
