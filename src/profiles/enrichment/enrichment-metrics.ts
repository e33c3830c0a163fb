import { Histogram, type Registry } from 'prom-client';
import type { DependencyMetrics } from '../../platform/telemetry/dependency-metrics.ts';
import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import { durationBuckets } from '../../platform/telemetry/metrics.ts';
import type { UnavailableReason } from './enrichment-client.ts';
import type { EnrichmentEvent } from './enrichment-events.ts';

/** A record, so that none is forgotten. */
const unavailableReasons: Readonly<Record<UnavailableReason, true>> = {
  network: true,
  timeout: true,
  'server-error': true,
  'rate-limited': true,
  'unexpected-status': true,
  oversized: true,
  malformed: true,
  'internal-error': true,
  'circuit-open': true,
  rejected: true,
  'caller-gone': true,
};

const outcomes = ['success', 'failure', 'timeout'] as const;

/**
 * Counts what the enrichment client does.
 *
 * @returns a function that ends it
 */
export function recordEnrichment(
  events: EventSource<EnrichmentEvent>,
  registry: Registry,
  dependencies: DependencyMetrics,
): () => void {
  const enrichment = dependencies.of('enrichment', Object.keys(unavailableReasons));
  const attempts = new Histogram({
    name: 'enrichment_attempt_duration_seconds',
    help: 'How long one HTTP request to the provider took, by how it ended.',
    labelNames: ['outcome'],
    buckets: durationBuckets,
    registers: [registry],
  });
  for (const outcome of outcomes) attempts.zero({ outcome });

  return events.subscribe((event) => {
    switch (event.type) {
      case 'breaker-state-changed':
        return enrichment.breakerChanged(event.to);
      case 'call-ended':
        return enrichment.called(event.ending.outcome, event.durationMs);
      case 'attempt-ended':
        return attempts.observe({ outcome: event.ending.outcome }, event.durationMs / 1_000);
      case 'retry-scheduled':
        return enrichment.retried(event.retry);
      case 'short-circuited':
      case 'rejected':
        return enrichment.refused(event.type);
      case 'fallback':
        return enrichment.fellBack(event.reason);
      case 'call-started':
        // Counted when it ends.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
