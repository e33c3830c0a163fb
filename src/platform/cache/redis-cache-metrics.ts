import { Counter, type Registry } from 'prom-client';
import type { DependencyMetrics } from '../telemetry/dependency-metrics.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import { gaugeOnScrape, startAtZero } from '../telemetry/metrics.ts';
import type { RedisCacheEvent } from './redis-cache-events.ts';

type Ends = Extract<RedisCacheEvent, { type: 'put-ended' }>['outcome'];
type Kept = Extract<RedisCacheEvent, { type: 'joined' }>['entries'];

/** Records, so that none is forgotten. */
const putOutcomes: Readonly<Record<Ends, true>> = { stored: true, newer: true, late: true, lost: true };
const joinResults: Readonly<Record<Kept, true>> = { kept: true, dropped: true };

/**
 * Counts what happens with the cache in Redis. To be called only where there is one: a process without would look like
 * one that cannot use it.
 *
 * @returns a function that ends it
 */
export function recordRedisCache(
  events: EventSource<RedisCacheEvent>,
  registry: Registry,
  dependencies: DependencyMetrics,
): () => void {
  const registers = [registry];
  const dependency = dependencies.of('cache');
  let isInUse = false;
  const help = '1 while the shared cache is used, else 0; no series without a Redis.';
  gaugeOnScrape(registry, { name: 'cache_shared_in_use', help, aggregator: 'min' }, (gauge) =>
    gauge.set(isInUse ? 1 : 0),
  );
  const joins = new Counter({
    name: 'cache_shared_joins_total',
    help: 'Times that use of the shared cache has begun, and whether what was in it could be kept.',
    labelNames: ['entries'],
    registers,
  });
  startAtZero(
    joins,
    Object.keys(joinResults).map((entries) => ({ entries })),
  );
  const puts = new Counter({
    name: 'cache_shared_puts_total',
    help: 'Entries that were sent to the shared cache, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });
  startAtZero(
    puts,
    Object.keys(putOutcomes).map((outcome) => ({ outcome })),
  );
  const unreadable = new Counter({
    name: 'cache_shared_unreadable_total',
    help: 'Keys under which the shared cache had something that no cache writes.',
    registers,
  });

  return events.subscribe((event) => {
    switch (event.type) {
      case 'call-ended':
        return dependency.called(event.outcome, event.durationMs);
      case 'short-circuited':
        return dependency.refused('short-circuited');
      case 'put-rejected':
        return dependency.refused('rejected');
      case 'breaker-state-changed':
        return dependency.breakerChanged(event.to);
      case 'put-ended':
        return puts.inc({ outcome: event.outcome });
      case 'entry-unreadable':
        return unreadable.inc();
      case 'joined':
        isInUse = true;
        return joins.inc({ entries: event.entries });
      case 'left':
        isInUse = false;
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
