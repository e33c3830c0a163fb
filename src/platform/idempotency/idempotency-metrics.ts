import { Counter, type Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { startAtZero } from '../telemetry/metrics.ts';
import type { IdempotencyEvent } from './idempotent-writes.ts';

const outcomes = ['replayed', 'in-progress', 'key-reused'] as const satisfies readonly IdempotencyEvent['type'][];

/**
 * Counts what became of requests whose key was known.
 *
 * @returns a function that ends it
 */
export function recordIdempotency(events: EventSource<IdempotencyEvent>, registry: Registry): () => void {
  const requests = new Counter({
    name: 'idempotency_requests_total',
    help: 'Requests whose Idempotency-Key was known, by what became of them.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  startAtZero(
    requests,
    outcomes.map((outcome) => ({ outcome })),
  );
  return events.subscribe(({ type }) => requests.inc({ outcome: type }));
}
