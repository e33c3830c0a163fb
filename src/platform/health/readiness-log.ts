import type { EventSource } from '../telemetry/event-stream.ts';
import { shutdownCheck } from './readiness.ts';
import type { ReadinessEvent } from './readiness-events.ts';
import type { WriteLine } from '../telemetry/logger.ts';

/**
 * Logs one line for each change: a warning when something goes down, unless it is the service that was told to stop.
 *
 * @returns a function that ends it
 */
export function logReadiness(
  events: EventSource<ReadinessEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  return events.subscribe((event) => {
    switch (event.type) {
      case 'check-changed': {
        const { check } = event;
        if (event.status === 'up') return logger.info({ check }, 'Readiness check is up');
        const { reason, error: err } = event;
        if (event.wasUp) return logger.warn({ check, reason, err }, 'Readiness check is down');
        // A service that starts is not ready yet, and that is no news.
        return logger.info({ check, reason }, 'Readiness check is not up yet');
      }
      case 'readiness-changed': {
        const { ready, failing } = event;
        if (ready) return logger.info({}, 'Ready');
        const isPlanned = failing.every((check) => check === shutdownCheck);
        return logger[isPlanned ? 'info' : 'warn']({ failing }, 'Not ready');
      }
      default:
        return event satisfies never;
    }
  });
}
