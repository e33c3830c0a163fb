import { Counter, type Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { startAtZero } from '../telemetry/metrics.ts';
import type { RateLimitEvent } from './rate-limit-events.ts';

/** @returns a function that ends it */
export function recordRateLimits(events: EventSource<RateLimitEvent>, registry: Registry): () => void {
  const registers = [registry];
  const decisions = new Counter({
    name: 'http_rate_limit_decisions_total',
    help: 'Requests held against the limit of their client.',
    labelNames: ['outcome'],
    registers,
  });
  startAtZero(decisions, [{ outcome: 'allowed' }, { outcome: 'limited' }]);
  const storeErrors = new Counter({
    name: 'http_rate_limit_store_errors_total',
    help: 'Times that Redis could not be asked, and the instance counted for itself.',
    registers,
  });

  return events.subscribe((event) => {
    switch (event.type) {
      case 'decided':
        return decisions.inc({ outcome: event.outcome });
      case 'store-failed':
        return storeErrors.inc();
      case 'store-regained':
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
