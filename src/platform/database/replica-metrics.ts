import { Counter, type Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { gaugeOnScrape, startAtZero } from '../telemetry/metrics.ts';
import type { Replica } from './replica.ts';
import type { PrimaryReadReason, ReplicaEvent, ReplicaState } from './replica-events.ts';

/** Records, so that none is forgotten. */
const states: Readonly<Record<ReplicaState, true>> = {
  'in-rotation': true,
  joining: true,
  lagging: true,
  failing: true,
};
const reasons: Readonly<Record<PrimaryReadReason, true>> = {
  'awaited-change': true,
  'none-in-rotation': true,
  'replica-failed': true,
};

/**
 * Counts who has answered the reads, and shows how the replicas are. Without replicas there are no series of theirs.
 *
 * @returns a function that ends it
 */
export function recordReplicas(
  events: EventSource<ReplicaEvent>,
  registry: Registry,
  replicas: readonly Pick<Replica, 'number' | 'state' | 'lagMs'>[],
): () => void {
  const registers = [registry];
  gaugeOnScrape(
    registry,
    {
      name: 'database_replica_state',
      help: '1 for the state that the replica is in, 0 for the others.',
      labelNames: ['replica', 'state'],
    },
    (gauge) => {
      for (const { number, state } of replicas) {
        for (const each of Object.keys(states)) gauge.set({ replica: number, state: each }, each === state ? 1 : 0);
      }
    },
  );
  gaugeOnScrape(
    registry,
    {
      name: 'database_replica_lag_seconds',
      help: 'How long the oldest change that the replica does not show has been known.',
      labelNames: ['replica'],
      aggregator: 'max',
    },
    (gauge) => {
      for (const { number, lagMs } of replicas) gauge.set({ replica: number }, lagMs / 1_000);
    },
  );
  const replicaReads = new Counter({
    name: 'database_replica_reads_total',
    help: 'Reads that replicas were asked for, by how they ended.',
    labelNames: ['replica', 'outcome'],
    registers,
  });
  const primaryReads = new Counter({
    name: 'database_replica_bypassed_reads_total',
    help: 'Reads that the primary answered although there are replicas, by reason.',
    labelNames: ['reason'],
    registers,
  });
  if (replicas.length > 0)
    startAtZero(
      primaryReads,
      Object.keys(reasons).map((reason) => ({ reason })),
    );
  for (const { number } of replicas) {
    const replica = `${number}`;
    startAtZero(replicaReads, [
      { replica, outcome: 'success' },
      { replica, outcome: 'failure' },
    ]);
  }

  return events.subscribe((event) => {
    if (event.type === 'read') replicaReads.inc({ replica: `${event.replica}`, outcome: event.outcome });
    if (event.type === 'primary-read') primaryReads.inc({ reason: event.reason });
  });
}
