import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../domain-error.ts';
import { noTracing } from '../telemetry/tracing.ts';
import type { Database, DatabaseOptions, EngineOptions } from './database.ts';
import { DatabaseUnavailableError, translateDriverError, translatingErrors } from './database-errors.ts';
import type { DatabaseLocation } from './database-url.ts';
import { openMysql } from './sequelize-mysql.ts';
import { openSqlite } from './sequelize-sqlite.ts';
import { tracedStatements, traceStatements } from './statement-spans.ts';
import type { ConnectionStatements } from './statements.ts';

/** For waits that have no other bound: setTimeout takes no more than this for anything but "at once". */
const foreverMs = 2 ** 31 - 1;
/** How long connections that are still in use at the end may take to come back before they are cut. */
const closeTimeoutMs = 1_000;

/** Opens one database, MySQL, MariaDB or SQLite, to behave the same. Connects when it is first used; only the folder of a
 * SQLite file is made at once. */
export function openDatabase(location: DatabaseLocation, options: DatabaseOptions): Database {
  const { poolMax, connectionAgeMsMax = 60_000, onConnectionAwaited = () => {}, tracing = noTracing } = options;
  const timeoutMs = Math.min(options.queryTimeoutMs, foreverMs);
  const engineOptions: EngineOptions = {
    common: {
      logging: false,
      benchmark: false,
      define: { timestamps: false, freezeTableName: true, underscored: true },
      pool: { max: poolMax, min: 0, acquire: timeoutMs, idle: 60_000 },
    },
    timeoutMs,
    connectionAgeMsMax,
    onAwaited: onConnectionAwaited,
    observed: (statements) => translatedStatements(tracedStatements(statements, tracing, location.engine)),
  };
  const { drain, closeNow, ...engine } =
    location.engine === 'sqlite' ? openSqlite(location.path, engineOptions) : openMysql(location, engineOptions);
  const { sequelize } = engine;
  traceStatements(sequelize, tracing, location.engine);

  return {
    ...engine,
    ping: async () => {
      try {
        await translatingErrors(() => sequelize.query('SELECT 1'));
      } catch (error) {
        // Whatever else it is, its text is not for everybody.
        throw error instanceof DomainError ? error : new DatabaseUnavailableError(error);
      }
    },
    close: async () => {
      drain();
      const closing = sequelize.close();
      // It waits for connections in use, which those to a database that has gone silent are until they are cut.
      await Promise.race([closing, delay(closeTimeoutMs, undefined, { ref: false })]);
      closeNow();
      await closing;
    },
  };
}

/** `statements` of a driver, whose errors become ours. */
function translatedStatements(statements: ConnectionStatements): ConnectionStatements {
  return {
    all: (sql, values) => translating(() => statements.all(sql, values)),
    run: (sql, values) => translating(() => statements.run(sql, values)),
    control: (sql) => translating(() => statements.control(sql)),
  };
}

async function translating<T>(execute: () => Promise<T>): Promise<T> {
  try {
    return await execute();
  } catch (error) {
    throw translateDriverError(error);
  }
}
