import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2';
import { type Options, Sequelize, Transaction } from 'sequelize';
import { type Deadline, startDeadline, TimeoutError, withTimeout } from '../resilience/deadline.ts';
import { DomainError } from '../domain-error.ts';
import { DatabaseUnavailableError, translatingErrors } from './database-errors.ts';
import type { DatabaseLocation } from './database-url.ts';
import { beginTransaction, type OpenTransaction } from './sequelize-transaction.ts';
import { createSqliteDriver } from './sqlite-driver.ts';
import { createTimedPool } from './timed-pool.ts';

export interface Database {
  readonly sequelize: Sequelize;
  /**
   * Begins a transaction, which fails, wherever it is, when it has not ended by the deadline.
   *
   * On SQLite, whose calls cannot be cut short, the deadline of the database bounds each wait for a lock instead.
   */
  begin(deadline: Deadline): Promise<OpenTransaction>;
  /** Resolves when the database answers. @throws DatabaseUnavailableError, DatabaseOverloadedError */
  ping(): Promise<void>;
  poolUsage(): PoolUsage;
  /**
   * When a connection last came back from work that the database has answered, by `performance.now()`; −∞ when none
   * has. SQLite has no connections in this sense, and nobody to ask: −∞, too.
   */
  lastAnswerAt(): number;
  /** Waits for queries that run, a second at most, and closes every connection. */
  close(): Promise<void>;
}

/**
 * How busy the connections are.
 *
 * SQLite has none in this sense, and statements that read need not wait. What there is one of is the turn to write: it
 * is reported as a pool of one, in use while somebody has it.
 */
export interface PoolUsage {
  /** Lent, or being opened for somebody who waits. */
  readonly inUse: number;
  readonly idle: number;
  /** Borrowers without a connection yet. */
  readonly waiting: number;
  readonly max: number;
}

export interface DatabaseOptions {
  /** Connections at most. */
  readonly poolMax: number;
  /**
   * How long a query may take, from asking for a connection to its answer. A connection that has not answered by then
   * is cut. Infinity for tools that may take their time.
   */
  readonly queryTimeoutMs: number;
  /** Is told how long somebody has waited for a connection, to be given one or in vain. */
  readonly onConnectionAwaited?: (waitMs: number) => void;
}

/** A server that does not greet, or takes longer for the session's settings, counts as away. */
const connectTimeoutMsMax = 2_000;
/** For waits that have no other bound: setTimeout takes no more than this for anything but "at once". */
const foreverMs = 2 ** 31 - 1;
/** How long connections that are still in use at the end may take to come back before they are cut. */
const closeTimeoutMs = 1_000;

/** Opens one database, MySQL, MariaDB or SQLite, to behave the same. Connects when it is first used; only the folder of a
 * SQLite file is made at once. */
export function openDatabase(location: DatabaseLocation, options: DatabaseOptions): Database {
  const timeoutMs = Math.min(options.queryTimeoutMs, foreverMs);
  const common: Options = {
    logging: false,
    benchmark: false,
    define: { timestamps: false, freezeTableName: true, underscored: true },
    pool: { max: options.poolMax, min: 0, acquire: timeoutMs, idle: 60_000 },
  };
  const onAwaited = options.onConnectionAwaited ?? (() => {});
  return location.engine === 'sqlite'
    ? openSqlite(location.path, common, timeoutMs, onAwaited)
    : openMysql(location, common, timeoutMs, onAwaited);
}

const never = (): number => Number.NEGATIVE_INFINITY;

function openSqlite(path: string, common: Options, timeoutMs: number, onAwaited: (waitMs: number) => void): Database {
  const storage = resolve(path);
  mkdirSync(dirname(storage), { recursive: true });
  const driver = createSqliteDriver({ busyTimeoutMs: timeoutMs, onTurnAwaited: onAwaited });
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
  const connections = sequelize.connectionManager as unknown as ConnectionManager<object>;
  connections.destroyConnection = async (connection) => await connections.releaseConnection(connection);
  const begin = async (): Promise<OpenTransaction> =>
    await beginTransaction(sequelize, {
      borrow: (uuid) => connections.getConnection({ uuid }),
      giveBack: (connection) => connections.releaseConnection(connection),
      discard: (connection) => connections.releaseConnection(connection),
      isAlive: () => true,
    });
  const poolUsage = (): PoolUsage => {
    const { isTaken, waiting } = driver.turnToWrite;
    return { inUse: isTaken ? 1 : 0, idle: isTaken ? 0 : 1, waiting, max: 1 };
  };
  return database({ sequelize, begin, poolUsage, lastAnswerAt: never }, () => driver.close());
}

/** mysql2's types leave the socket out. */
type StreamConnection = Connection & { readonly stream: Socket };

/** The part of Sequelize's connection manager that its types leave out. */
interface ConnectionManager<Connection> {
  getConnection(options?: object): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void> | void;
  destroyConnection(connection: Connection): Promise<void>;
  readonly pool: Readonly<Record<'size' | 'available' | 'waiting' | 'maxSize', number>>;
}

function openMysql(
  location: Extract<DatabaseLocation, { engine: 'mysql' }>,
  common: Options,
  timeoutMs: number,
  onAwaited: (waitMs: number) => void,
): Database {
  const connectTimeoutMs = Math.min(connectTimeoutMsMax, Math.ceil((timeoutMs * 2) / 3));
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
    // Not when Sequelize lets go of it: a server that is frozen leaves the socket open.
    connection.stream.once('close', () => connections.delete(connection));
    await prepareSession(connection, { timeoutMs: connectTimeoutMs, lockWaitMs: timeoutMs / 3 });
  });

  const { begin, lastAnswerAt } = limitBorrowing(sequelize, timeoutMs, onAwaited);
  const { pool } = managerOf(sequelize);
  const poolUsage = (): PoolUsage => {
    const { size, available, waiting, maxSize } = pool;
    return { inUse: size - available, idle: available, waiting, max: maxSize };
  };
  return database({ sequelize, begin, poolUsage, lastAnswerAt }, () => {
    for (const connection of connections) cut(connection, 'The database was closed.');
  });
}

/** Gives every query outside of a transaction `timeoutMs`, and every transaction the deadline that it begins with. */
function limitBorrowing(
  sequelize: Sequelize,
  timeoutMs: number,
  onAwaited: (waitMs: number) => void,
): Pick<Database, 'begin' | 'lastAnswerAt'> {
  const manager = managerOf(sequelize);
  const acquire = manager.getConnection.bind(manager);
  const release = manager.releaseConnection.bind(manager);
  const pool = createTimedPool<StreamConnection>(
    {
      acquire,
      release: (connection) => void release(connection),
      cut: (connection) => cut(connection, 'The database has not answered in time.', new TimeoutError(timeoutMs)),
      isAlive,
    },
    onAwaited,
  );
  manager.getConnection = async (options) => await pool.borrow(startDeadline(timeoutMs), options);
  manager.releaseConnection = (connection) => pool.giveBack(connection);

  const begin: Database['begin'] = async (deadline) =>
    await beginTransaction<StreamConnection>(sequelize, {
      borrow: (uuid) => pool.borrow(deadline, { uuid }),
      giveBack: (connection) => pool.giveBack(connection),
      discard: (connection) => {
        pool.cut(connection);
        // The pool finds out that it is dead when it is next asked for it.
        pool.giveBack(connection);
      },
      isAlive,
    });
  return { begin, lastAnswerAt: () => pool.lastGivenBackAt };
}

function managerOf(sequelize: Sequelize): ConnectionManager<StreamConnection> {
  return sequelize.connectionManager as unknown as ConnectionManager<StreamConnection>;
}

function isAlive(connection: StreamConnection): boolean {
  return !connection.stream.destroyed;
}

/** Not `connection.destroy()`: it leaves what waits for an answer waiting. */
function cut(connection: StreamConnection, reason: string, cause?: TimeoutError): void {
  connection.stream.destroy(Object.assign(new Error(reason, { cause }), { code: 'PROTOCOL_CONNECTION_LOST' }));
}

/**
 * Said once for each connection rather than for each transaction. The modes are set, not added to those of the server:
 * with NO_BACKSLASH_ESCAPES among them, Sequelize's way of quoting would let values break out of their quotes.
 */
const sessionStatements = (lockWaitMs: number): string[] => [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  // Whole seconds. A lock that is not free by then is reported as that, well before the deadline cuts the connection.
  `SET SESSION innodb_lock_wait_timeout = ${Math.max(1, Math.floor(lockWaitMs / 1_000))}`,
];

/** A connection that refuses, or does not answer, is closed here, since Sequelize would forget it. */
async function prepareSession(
  connection: StreamConnection,
  limits: { timeoutMs: number; lockWaitMs: number },
): Promise<void> {
  try {
    await withTimeout(limits.timeoutMs, async () => {
      for (const statement of sessionStatements(limits.lockWaitMs)) await connection.promise().query(statement);
    });
  } catch (error) {
    cut(connection, 'The session could not be prepared.');
    throw new DatabaseUnavailableError(error);
  }
}

function database(
  parts: Pick<Database, 'sequelize' | 'begin' | 'poolUsage' | 'lastAnswerAt'>,
  closeDriver: () => void,
): Database {
  const { sequelize } = parts;
  return {
    ...parts,
    ping: async () => {
      try {
        await translatingErrors(() => sequelize.query('SELECT 1'));
      } catch (error) {
        // Whatever else it is, its text is not for everybody.
        throw error instanceof DomainError ? error : new DatabaseUnavailableError(error);
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
