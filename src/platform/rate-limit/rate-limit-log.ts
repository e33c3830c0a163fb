import type { EventSource } from '../telemetry/event-stream.ts';
import type { RateLimitEvent } from './rate-limit-events.ts';

type Write = (fields: object, message: string) => void;

/**
 * Logs when the shared counter is lost and regained; a request that was refused has a line of its own.
 *
 * @returns a function that ends it
 */
export function logRateLimits(
  events: EventSource<RateLimitEvent>,
  logger: { readonly info: Write; readonly warn: Write },
): () => void {
  return events.subscribe((event) => {
    switch (event.type) {
      case 'store-lost':
        return logger.warn({ err: event.error }, 'Redis does not answer, each instance limits for itself');
      case 'store-regained':
        return logger.info({}, 'Redis answers again, limits hold over all instances');
      case 'decided':
      case 'store-failed':
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
