import type { RedisCacheEvent } from '../../platform/cache/redis-cache-events.ts';
import type { DatabaseEvent } from '../../platform/database/database-events.ts';
import type { HttpEvent } from '../../platform/http/http-events.ts';
import { quietRoutes } from '../../platform/http/quiet-routes.ts';
import type { CircuitStateChange } from '../../platform/resilience/operated-breaker.ts';
import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import type { EnrichmentEvent } from '../enrichment/enrichment-events.ts';
import type { Timeline } from './timeline.ts';

/** Told of each change of a breaker. */
type OnChange = (change: Omit<CircuitStateChange, 'name'>) => void;

/**
 * Counts clients' requests as `http_requests_total` does: those that were answered, without those that hung up before.
 * Whoever looks at the service, by `/ops`, the dashboard or a probe, is no client.
 */
export function recordClients(events: EventSource<HttpEvent>, timeline: Timeline): void {
  const answered = (status: number, code: string | undefined, durationMs: number | null): void => {
    if (code === 'overloaded') timeline.record('clients', 'rejected', null);
    else timeline.record('clients', status < 500 ? 'success' : 'failure', durationMs);
  };
  events.subscribe((event) => {
    switch (event.type) {
      case 'request-shed':
        return timeline.record('clients', 'rejected', null);
      case 'request-unreadable':
        return answered(event.status, event.code, null);
      case 'request-ended':
        if (event.abandoned || event.status === undefined || !isOfClient(event.route)) return undefined;
        return answered(event.status, event.code, event.durationMs);
      case 'request-started':
      case 'answer-failed':
        // It counts when it ends.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}

function isOfClient(route: string): boolean {
  return !quietRoutes.has(route) && !route.startsWith('/ops/') && !route.startsWith('/dashboard');
}

export function recordDatabase(events: EventSource<DatabaseEvent>, timeline: Timeline, onChange: OnChange): void {
  events.subscribe((event) => {
    switch (event.type) {
      case 'call-ended':
        return timeline.record('database', event.outcome, event.durationMs);
      case 'admission-refused':
        return timeline.record('database', 'rejected', null);
      case 'short-circuited':
        return timeline.record('database', 'shortCircuited', null);
      case 'breaker-state-changed':
        return onChange(event);
      case 'connection-awaited':
      case 'transaction-retried':
      case 'read-retried':
      case 'commit-undecided':
      case 'commit-resolved':
        // Parts of a call.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}

export function recordCache(events: EventSource<RedisCacheEvent>, timeline: Timeline, onChange: OnChange): void {
  events.subscribe((event) => {
    switch (event.type) {
      case 'call-ended':
        return timeline.record('cache', event.outcome, event.durationMs);
      case 'put-rejected':
        return timeline.record('cache', 'rejected', null);
      case 'short-circuited':
        return timeline.record('cache', 'shortCircuited', null);
      case 'breaker-state-changed':
        return onChange(event);
      case 'put-ended':
      case 'entry-unreadable':
      case 'joined':
      case 'left':
        // What its calls came to.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}

export function recordEnrichment(events: EventSource<EnrichmentEvent>, timeline: Timeline, onChange: OnChange): void {
  events.subscribe((event) => {
    switch (event.type) {
      case 'call-ended':
        return timeline.record('enrichment', event.ending.outcome, event.durationMs);
      case 'rejected':
        return timeline.record('enrichment', 'rejected', null);
      case 'short-circuited':
        return timeline.record('enrichment', 'shortCircuited', null);
      case 'fallback':
        return timeline.record('enrichment', 'fallback', null);
      case 'breaker-state-changed':
        return onChange(event);
      case 'call-started':
      case 'attempt-ended':
      case 'retry-scheduled':
        // Parts of a call.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
