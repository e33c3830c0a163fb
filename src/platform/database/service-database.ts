import type { Sequelize } from 'sequelize';
import type { Lifecycle } from '../lifecycle.ts';
import type { OperatedBreaker } from '../resilience/operated-breaker.ts';
import { startDeadline } from '../resilience/deadline.ts';
import { systemScheduler } from '../scheduler.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import { createDatabaseAdmission, type DatabaseAdmission } from './database-admission.ts';
import { createDatabaseBreaker } from './database-breaker.ts';
import type { DatabaseConfig } from './database-config.ts';
import { translatingErrors } from './database-errors.ts';
import type { DatabaseEvent } from './database-events.ts';
import { logDatabase } from './database-log.ts';
import { recordDatabase } from './database-metrics.ts';
import { createDatabaseReader, type DatabaseReader } from './database-reader.ts';
import { traceRefusals } from './database-traces.ts';
import { openDatabase } from './open-database.ts';
import { createReaderWithFallback } from './reader-with-fallback.ts';
import { createSchemaGate, type OpenMigrator, type SchemaGate } from './schema-gate.ts';
import { createSqlUnitOfWork } from './sql-unit-of-work.ts';
import type { Statements } from './statements.ts';
import type { UnitOfWork } from './unit-of-work.ts';

const backgroundDeadlineMs = 500;
/** So long it may follow a server that is the primary no more. */
const backgroundConnectionAgeMsMax = 5_000;

/** A database as a service works with it: admission → breaker → deadline, and all of it told. */
export interface ServiceDatabase {
  /** To define models on. What is to be read or written takes the ways below. */
  readonly sequelize: Sequelize;
  readonly events: EventSource<DatabaseEvent>;
  readonly breaker: OperatedBreaker;
  readonly admission: DatabaseAdmission;
  readonly reader: DatabaseReader;
  /**
   * For what reads all the time on behalf of no request, on one connection of its own, each query within half a second.
   * It stands in no line, where it would be late when everybody is, and the breaker does not hold it up: it has to learn
   * at once that the database is back. What fails there is asked as requests are, once the schema is there and unless
   * the breaker is open.
   */
  readonly backgroundReader: DatabaseReader;
  readonly schema: SchemaGate;
  /** @param bind makes the repositories for a transaction */
  unitOfWork<Repositories>(bind: (statements: Statements) => Repositories): UnitOfWork<Repositories>;
}

/** Connects when it is first used; only the folder of a SQLite file is made at once. */
export function createServiceDatabase(
  config: DatabaseConfig,
  options: {
    telemetry: Telemetry;
    lifecycle: Lifecycle;
    openMigrator: OpenMigrator;
    /** Whether pending migrations are applied at the start, or are somebody else's step. */
    applyMigrations: boolean;
  },
): ServiceDatabase {
  const { logger, tracing, metrics, dependencies, stream } = options.telemetry;
  const { location, poolMax, queryTimeoutMs: deadlineMs, breakerFailures, queueMax, queueTimeoutMs } = config;

  const events = stream<DatabaseEvent>();
  logDatabase(events, logger);
  const onConnectionAwaited = (waitMs: number): void => events.emit({ type: 'connection-awaited', waitMs });
  const database = openDatabase(location, { poolMax, queryTimeoutMs: deadlineMs, onConnectionAwaited, tracing });
  options.lifecycle.onStop('database', () => database.close());
  recordDatabase(events, metrics, dependencies, database);

  const breaker = createDatabaseBreaker({ consecutiveFailures: breakerFailures, deadlineMs, events });
  options.lifecycle.onStop('database breaker', () => breaker.shutdown());
  const limits = { concurrency: poolMax, queueMax, queueTimeoutMs, deadlineMs };
  const admission = createDatabaseAdmission({ breaker, events, ...limits });
  const traces = { tracing, breaker };
  const access = traceRefusals(admission, traces);
  const { openMigrator, applyMigrations: apply } = options;

  const reader = createDatabaseReader({ database, access, deadlineMs, events, traces });
  const schema = createSchemaGate({ database, openMigrator, breaker, apply, logger });

  return {
    sequelize: database.sequelize,
    events,
    breaker: breaker.circuit,
    admission,
    reader,
    backgroundReader: createReaderWithFallback({
      own: createBackgroundReader(location, options.lifecycle),
      requests: reader,
      // Without its schema a database answers nobody, which is no failure of its own.
      mayAskRequests: () => schema.isOpen && !breaker.isOpen,
      scheduler: systemScheduler,
    }),
    schema,
    unitOfWork: (bind) => createSqlUnitOfWork({ database, access, events, traces, deadlineMs, bind }),
  };
}

/** Reads on one connection of its own, in no line, each query within half a second. */
export function createBackgroundReader(location: DatabaseConfig['location'], lifecycle: Lifecycle): DatabaseReader {
  const database = openDatabase(location, {
    poolMax: 1,
    queryTimeoutMs: backgroundDeadlineMs,
    connectionAgeMsMax: backgroundConnectionAgeMsMax,
  });
  lifecycle.onStop('background connection', () => database.close());
  return {
    read: async (query) =>
      await translatingErrors(() => query(database.statements(startDeadline(backgroundDeadlineMs)))),
  };
}
