import { randomInt } from 'node:crypto';
import type { RedisCacheEvent } from '../../platform/cache/redis-cache-events.ts';
import type { DatabaseEvent } from '../../platform/database/database-events.ts';
import type { HttpEvent } from '../../platform/http/http-events.ts';
import type { CircuitStateChange, OperatedBreaker } from '../../platform/resilience/operated-breaker.ts';
import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import type { EnrichmentEvent } from '../enrichment/enrichment-events.ts';
import { callsMax, tapCalls } from './call-tap.ts';
import { recordCache, recordClients, recordDatabase, recordEnrichment } from './edge-recording.ts';
import { RecentItems, Sequence } from './recent-items.ts';
import {
  type BreakerControl,
  type Identity,
  RecordedResilienceMonitor,
  type ResilienceMonitor,
} from './resilience-monitor.ts';
import type { BreakerChange, BreakerName, HistoryPoint, TappedCall } from './resilience-snapshot.ts';
import { steadyClock } from './steady-clock.ts';
import { pointsMax, Timeline } from './timeline.ts';

/** Of each breaker: one that flaps does not push out what happened to the others. */
const changesMax = 20;
/** Far from the numbers that JavaScript, or JSON elsewhere, cannot tell apart. */
const firstNumberMax = 2 ** 48 - 1;

/** A dependency that has a breaker. */
export interface WatchedDependency<Event> {
  readonly events: EventSource<Event>;
  readonly breaker: OperatedBreaker;
}

export interface ResilienceMonitorOptions {
  readonly identity: Identity;
  readonly http: EventSource<HttpEvent>;
  readonly database: WatchedDependency<DatabaseEvent>;
  /** Null: there is no shared cache. */
  readonly cache: WatchedDependency<RedisCacheEvent> | null;
  readonly enrichment: WatchedDependency<EnrichmentEvent>;
  /** Milliseconds since 1970, on a clock that never goes back; that of the computer by default. */
  readonly now?: () => number;
}

/** Listens from now on to what log and metrics are told. It has no timer and nothing to close. */
export function createResilienceMonitor(options: ResilienceMonitorOptions): ResilienceMonitor & BreakerControl {
  const { identity, http, database, cache, enrichment, now = steadyClock() } = options;
  // At random, so that the numbers of two processes, one after the other or side by side, are as good as never the same.
  const sequence = new Sequence(randomInt(firstNumberMax));
  const timeline = new Timeline(new RecentItems<HistoryPoint>(pointsMax, sequence), now);
  const calls = new RecentItems<TappedCall>(callsMax, sequence);
  const breakers = new Map<BreakerName, OperatedBreaker>([
    ['enrichment', enrichment.breaker],
    ['database', database.breaker],
  ]);
  if (cache !== null) breakers.set('cache', cache.breaker);
  const changes = new Map(
    Array.from(breakers.keys(), (name) => [name, new RecentItems<BreakerChange>(changesMax, sequence)] as const),
  );
  const monitor = new RecordedResilienceMonitor({ identity, sequence, timeline, calls, changes, breakers, now });

  const changeOf =
    (breaker: BreakerName) =>
    ({ from, to, by }: Omit<CircuitStateChange, 'name'>): void =>
      monitor.changed({ breaker, at: Math.round(now()), from, to, by });
  recordClients(http, timeline);
  recordDatabase(database.events, timeline, changeOf('database'));
  if (cache !== null) recordCache(cache.events, timeline, changeOf('cache'));
  recordEnrichment(enrichment.events, timeline, changeOf('enrichment'));
  tapCalls(enrichment.events, calls, now);
  return monitor;
}
