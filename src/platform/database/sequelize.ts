import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2';
import { type Options, Sequelize, Transaction } from 'sequelize';
import { withTimeout } from '../resilience/deadline.ts';
import { DatabaseUnavailableError } from './database-errors.ts';
import type { DatabaseLocation } from './database-url.ts';
import { createSqliteDriver } from './sqlite-driver.ts';

export interface Database {
  readonly sequelize: Sequelize;
  /** Resolves when the database answers. @throws DatabaseUnavailableError */
  ping(): Promise<void>;
  /** Waits for queries that run, a second at most, and closes every connection. */
  close(): Promise<void>;
}

const acquireTimeoutMs = 3_000;
const connectTimeoutMs = 3_000;
const pingTimeoutMs = 2_000;
/** How long connections that are still in use at the end may take to come back before they are cut. */
const closeTimeoutMs = 1_000;

/** Opens one database, MySQL, MariaDB or SQLite, to behave the same. Connects when it is first used; only the folder of a
 * SQLite file is made at once. */
export function openDatabase(location: DatabaseLocation, options: { poolMax: number }): Database {
  const common: Options = {
    logging: false,
    benchmark: false,
    define: { timestamps: false, freezeTableName: true, underscored: true },
    pool: { max: options.poolMax, min: 0, acquire: acquireTimeoutMs, idle: 60_000 },
  };
  return location.engine === 'sqlite' ? openSqlite(location.path, common) : openMysql(location, common);
}

function openSqlite(path: string, common: Options): Database {
  const storage = resolve(path);
  mkdirSync(dirname(storage), { recursive: true });
  const driver = createSqliteDriver();
  const sequelize = new Sequelize({
    ...common,
    dialect: 'sqlite',
    dialectModule: driver,
    storage,
    // A deferred transaction that reads before it writes cannot wait for its turn: it fails with BUSY.
    transactionType: Transaction.TYPES.IMMEDIATE,
  });
  // After a COMMIT that failed, Sequelize looks for the connection in a pool that its SQLite dialect does not have, and
  // leaves it open, with the transaction and the lock on the file.
  const connections = sequelize.connectionManager as unknown as SqliteConnections;
  connections.destroyConnection = async (connection) => await connections.releaseConnection(connection);
  return database(sequelize, () => driver.close());
}

/** mysql2's types leave the socket out. */
type StreamConnection = Connection & { readonly stream: Socket };

/** The part of Sequelize's SQLite connection manager that its types leave out. */
interface SqliteConnections {
  destroyConnection(connection: unknown): Promise<void>;
  releaseConnection(connection: unknown): Promise<void>;
}

function openMysql(location: Extract<DatabaseLocation, { engine: 'mysql' }>, common: Options): Database {
  // Sequelize reads these two, and its types leave them out.
  const settings: Options & { databaseVersion: string; keepDefaultTimezone: boolean } = {
    ...common,
    dialect: 'mysql',
    host: location.host,
    port: location.port,
    username: location.username,
    password: location.password,
    database: location.database,
    // Sequelize opens a connection only to ask for this when it is not given.
    databaseVersion: '8.0.0',
    // Times are written in UTC by us; no statement asks the server's clock.
    timezone: '+00:00',
    keepDefaultTimezone: true,
    dialectOptions: {
      charset: 'UTF8MB4_BIN',
      connectTimeout: connectTimeoutMs,
      enableKeepAlive: true,
      maxPreparedStatements: 256,
    },
  };
  const sequelize = new Sequelize(settings);
  const connections = new Set<StreamConnection>();
  sequelize.addHook('afterConnect', async (raw: unknown) => {
    const connection = raw as StreamConnection;
    connections.add(connection);
    await prepareSession(connection);
  });
  sequelize.addHook('afterDisconnect', (raw: unknown) => void connections.delete(raw as StreamConnection));
  return database(sequelize, () => {
    // Not `connection.destroy()`: it leaves what waits for an answer waiting.
    for (const connection of connections) connection.stream.destroy(new Error('The database was closed.'));
  });
}

/**
 * Said once for each connection rather than for each transaction. The modes are set, not added to those of the server:
 * with NO_BACKSLASH_ESCAPES among them, Sequelize's way of quoting would let values break out of their quotes.
 */
const sessionStatements = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION innodb_lock_wait_timeout = 3',
];

/** A connection that refuses is closed here, since Sequelize would forget it. */
async function prepareSession(connection: Connection): Promise<void> {
  try {
    for (const statement of sessionStatements) await connection.promise().query(statement);
  } catch (error) {
    connection.destroy();
    throw new DatabaseUnavailableError(error);
  }
}

function database(sequelize: Sequelize, closeDriver: () => void): Database {
  return {
    sequelize,
    ping: async () => {
      try {
        await withTimeout(pingTimeoutMs, async () => await sequelize.query('SELECT 1'));
      } catch (error) {
        throw new DatabaseUnavailableError(error);
      }
    },
    close: async () => {
      const closing = sequelize.close();
      // It waits for connections in use, which those to a database that has gone silent are until they are cut.
      await Promise.race([closing, delay(closeTimeoutMs, undefined, { ref: false })]);
      closeDriver();
      await closing;
    },
  };
}
