import { Counter, Histogram, type Registry } from 'prom-client';
import type { DependencyMetrics } from '../telemetry/dependency-metrics.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import { durationBuckets, gaugeOnScrape, startAtZero } from '../telemetry/metrics.ts';
import type { DatabaseEvent } from './database-events.ts';
import type { Database } from './database.ts';

type RetryCause = (DatabaseEvent & { type: 'transaction-retried' })['cause'];

/** A record, so that none is forgotten. */
const retryCauses: Readonly<Record<RetryCause, true>> = {
  deadlock: true,
  'lock-wait': true,
  busy: true,
  'connection-lost': true,
};

/**
 * Counts what happens with the database, and shows how busy its connections are.
 *
 * @returns a function that ends it
 */
export function recordDatabase(
  events: EventSource<DatabaseEvent>,
  registry: Registry,
  dependencies: DependencyMetrics,
  database: Pick<Database, 'poolUsage'>,
): () => void {
  const registers = [registry];
  const dependency = dependencies.of('database');
  recordPool(database, registry);
  const waits = new Histogram({
    name: 'database_pool_wait_seconds',
    help: 'How long those who needed a connection waited for it, in vain or not.',
    buckets: durationBuckets,
    registers,
  });
  const transactionRetries = new Counter({
    name: 'database_transaction_retries_total',
    help: 'Transactions that were run again, by cause.',
    labelNames: ['cause'],
    registers,
  });
  startAtZero(
    transactionRetries,
    Object.keys(retryCauses).map((cause) => ({ cause })),
  );
  const readRetries = new Counter({
    name: 'database_read_retries_total',
    help: 'Reads that were run again on another connection.',
    registers,
  });
  const undecided = new Counter({
    name: 'database_commits_undecided_total',
    help: 'Commits that got no answer.',
    registers,
  });
  const resolved = new Counter({
    name: 'database_commits_resolved_total',
    help: 'Commits without an answer whose outcome was found out.',
    labelNames: ['outcome'],
    registers,
  });
  startAtZero(resolved, [{ outcome: 'committed' }, { outcome: 'not-committed' }]);

  return events.subscribe((event) => {
    switch (event.type) {
      case 'call-ended':
        return dependency.called(event.outcome, event.durationMs);
      case 'connection-awaited':
        return waits.observe(event.waitMs / 1_000);
      case 'transaction-retried':
        dependency.retried(event.retry);
        return transactionRetries.inc({ cause: event.cause });
      case 'read-retried':
        dependency.retried(1);
        return readRetries.inc();
      case 'commit-undecided':
        return undecided.inc();
      case 'commit-resolved':
        return resolved.inc({ outcome: event.committed ? 'committed' : 'not-committed' });
      case 'admission-refused':
        return dependency.refused('rejected');
      case 'short-circuited':
        return dependency.refused('short-circuited');
      case 'breaker-state-changed':
        return dependency.breakerChanged(event.to);
      default:
        return event satisfies never;
    }
  });
}

function recordPool(database: Pick<Database, 'poolUsage'>, registry: Registry): void {
  gaugeOnScrape(
    registry,
    {
      name: 'database_pool_connections',
      help: 'Connections to the database by state; with SQLite, the turn to write.',
      labelNames: ['state'],
    },
    (gauge) => {
      const { inUse, idle } = database.poolUsage();
      gauge.set({ state: 'in-use' }, inUse);
      gauge.set({ state: 'idle' }, idle);
    },
  );
  gaugeOnScrape(
    registry,
    { name: 'database_pool_connections_max', help: 'Connections to the database at most.' },
    (gauge) => gauge.set(database.poolUsage().max),
  );
  gaugeOnScrape(
    registry,
    { name: 'database_pool_waiting', help: 'Those who need a connection and have none yet.' },
    (gauge) => gauge.set(database.poolUsage().waiting),
  );
}
