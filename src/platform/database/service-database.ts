import type { Sequelize, Transaction } from 'sequelize';
import type { Lifecycle } from '../lifecycle.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { createDatabaseAdmission, type DatabaseAdmission } from './database-admission.ts';
import { createDatabaseBreaker } from './database-breaker.ts';
import type { DatabaseConfig } from './database-config.ts';
import type { DatabaseEvent } from './database-events.ts';
import { logDatabase } from './database-log.ts';
import { recordDatabase } from './database-metrics.ts';
import { createDatabaseReader, type DatabaseReader } from './database-reader.ts';
import { traceRefusals } from './database-traces.ts';
import type { Migrator } from './migrator.ts';
import { createSchemaGate, type SchemaGate } from './schema-gate.ts';
import { openDatabase } from './sequelize.ts';
import { createSequelizeUnitOfWork } from './sequelize-unit-of-work.ts';
import { traceStatements } from './statement-spans.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** A database as a service works with it: admission → breaker → deadline, and all of it told. */
export interface ServiceDatabase {
  /** To define models on. What is to be read or written takes the ways below. */
  readonly sequelize: Sequelize;
  readonly events: EventSource<DatabaseEvent>;
  readonly admission: DatabaseAdmission;
  readonly reader: DatabaseReader;
  readonly schema: SchemaGate;
  /** @param bind makes the repositories for a transaction */
  unitOfWork<Repositories>(bind: (transaction: Transaction) => Repositories): UnitOfWork<Repositories>;
}

/** Connects when it is first used; only the folder of a SQLite file is made at once. */
export function createServiceDatabase(
  config: DatabaseConfig,
  options: {
    telemetry: Telemetry;
    lifecycle: Lifecycle;
    openMigrator: () => { readonly migrator: Migrator; readonly close: () => Promise<void> };
    /** Whether pending migrations are applied at the start, or are somebody else's step. */
    applyMigrations: boolean;
  },
): ServiceDatabase {
  const { logger, tracing, metrics, dependencies, stream } = options.telemetry;
  const { location, poolMax, queryTimeoutMs: deadlineMs, breakerFailures, queueMax, queueTimeoutMs } = config;

  const events = stream<DatabaseEvent>();
  logDatabase(events, logger);
  const onConnectionAwaited = (waitMs: number): void => events.emit({ type: 'connection-awaited', waitMs });
  const database = openDatabase(location, { poolMax, queryTimeoutMs: deadlineMs, onConnectionAwaited });
  options.lifecycle.onStop('database', () => database.close());
  recordDatabase(events, metrics, dependencies, database);
  traceStatements(database.sequelize, tracing, location.engine);

  const breaker = createDatabaseBreaker({ consecutiveFailures: breakerFailures, deadlineMs, events });
  options.lifecycle.onStop('database breaker', () => breaker.shutdown());
  const limits = { concurrency: poolMax, queueMax, queueTimeoutMs, deadlineMs };
  const admission = createDatabaseAdmission({ breaker, events, ...limits });
  const traces = { tracing, breaker };
  const access = traceRefusals(admission, traces);
  const { openMigrator, applyMigrations: apply } = options;

  return {
    sequelize: database.sequelize,
    events,
    admission,
    reader: createDatabaseReader({ access, deadlineMs, events, traces }),
    schema: createSchemaGate({ database, openMigrator, breaker, apply, logger }),
    unitOfWork: (bind) => createSequelizeUnitOfWork({ database, access, events, traces, deadlineMs, bind }),
  };
}
