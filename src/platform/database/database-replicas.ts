import type { Change, ChangeFeed } from '../journal/change-feed.ts';
import type { JournalTail } from '../journal/journal-tail.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { createDatabaseAdmission } from './database-admission.ts';
import type { DatabaseBreaker } from './database-breaker.ts';
import type { DatabaseConfig } from './database-config.ts';
import type { DatabaseEvent } from './database-events.ts';
import { createDatabaseReader, type DatabaseReader } from './database-reader.ts';
import { traceRefusals } from './database-traces.ts';
import type { DatabaseLocation } from './database-url.ts';
import { KnownChanges } from './known-changes.ts';
import { openDatabase } from './open-database.ts';
import type { ReplicaEvent } from './replica-events.ts';
import { logReplicas } from './replica-log.ts';
import { recordReplicas } from './replica-metrics.ts';
import { createReplicaReader } from './replica-reader.ts';
import { Replica } from './replica.ts';
import { createBackgroundReader } from './service-database.ts';

/** Of the time for a query: the rest is the primary's, when the replica has not answered. */
const deadlineShare = 0.5;

/** The rotation is the breaker of a replica: its first failure opens it, and who asks how far it is closes it. */
const rotation: DatabaseBreaker = {
  state: 'closed',
  isOpen: false,
  run: async (action) => await action(() => true),
  shutdown: () => {},
};

export interface ReplicaConfig {
  readonly locations: readonly DatabaseLocation[];
  /** A replica that misses a change for longer gets no reads. */
  readonly lagMsMax: number;
}

/** Copies of a database that answer reads. */
export interface DatabaseReplicas {
  /** Reads from them what they have, from the primary what they may not have yet. */
  readonly reader: DatabaseReader;
  /** Whether there is one that answers reads. */
  readonly isServing: boolean;
  /** A write of this process was committed. To be called before it is answered. */
  written(change: Change): void;
  /** A write of this process may have been committed, or was by somebody else: its key is read from the primary for now. */
  doubt(key: string): void;
  /** The primary has told somebody of this key, not by a read: for now it is read from the primary. */
  met(key: string): void;
  start(): void;
  stop(): Promise<void>;
}

export interface DatabaseReplicasOptions {
  /** Of the primary, whose limits each replica gets for itself. */
  readonly database: DatabaseConfig;
  readonly primary: DatabaseReader;
  /** Follows the primary's log of changes. */
  readonly tail: Pick<JournalTail, 'subscribe' | 'position' | 'isFollowing' | 'silenceMs'>;
  /** The log of changes, as a replica has it. */
  readonly openFeed: (reader: DatabaseReader) => ChangeFeed;
  /** Rejects when a replica has not the schema, or not the state, that queries need. */
  readonly probe: (reader: DatabaseReader) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly lifecycle: Lifecycle;
  readonly scheduler?: Scheduler;
}

/** Connects to the replicas when they are first asked. Without replicas, all reads are the primary's. */
export function createDatabaseReplicas(config: ReplicaConfig, options: DatabaseReplicasOptions): DatabaseReplicas {
  const { database, primary, tail, telemetry, scheduler = systemScheduler } = options;
  const { lagMsMax } = config;
  const events = telemetry.stream<ReplicaEvent>();
  const replicas = config.locations.map((location, index) => {
    const { reader, backgroundReader } = openReplica(location, options);
    return new Replica({
      number: index + 1,
      reader,
      feed: options.openFeed(backgroundReader),
      probe: async () => await options.probe(backgroundReader),
      lagMsMax,
      tail,
      scheduler,
      events,
    });
  });
  logReplicas(events, telemetry.logger);
  recordReplicas(events, telemetry.metrics, replicas);
  const knownChanges = new KnownChanges({ replicas, tail, scheduler, doubtMs: lagMsMax });
  const budgetMs = database.queueTimeoutMs + database.queryTimeoutMs;

  return {
    reader:
      replicas.length === 0 ? primary : createReplicaReader({ primary, replicas, knownChanges, budgetMs, events }),
    get isServing() {
      return replicas.some(({ state }) => state === 'in-rotation');
    },
    written: (change) => knownChanges.written(change),
    doubt: (key) => knownChanges.doubt(key),
    met: (key) => knownChanges.met(key),
    start: () => {
      for (const replica of replicas) replica.start();
    },
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
    },
  };
}

function openReplica(
  location: DatabaseLocation,
  { database, telemetry, lifecycle }: DatabaseReplicasOptions,
): { readonly reader: DatabaseReader; readonly backgroundReader: DatabaseReader } {
  const { tracing } = telemetry;
  const { poolMax, queueMax, queueTimeoutMs } = database;
  const deadlineMs = Math.ceil(database.queryTimeoutMs * deadlineShare);
  const replica = openDatabase(location, { poolMax, queryTimeoutMs: deadlineMs, tracing });
  lifecycle.onStop('replica', () => replica.close());
  // What the metrics tell of the database is the primary's; of replicas there are their own.
  const events = telemetry.stream<DatabaseEvent>();
  const limits = { concurrency: poolMax, queueMax, queueTimeoutMs, deadlineMs };
  const traces = { tracing, breaker: rotation };
  const access = traceRefusals(createDatabaseAdmission({ breaker: rotation, events, ...limits }), traces);
  return {
    reader: createDatabaseReader({ database: replica, events, access, deadlineMs, traces }),
    backgroundReader: createBackgroundReader(location, lifecycle),
  };
}
