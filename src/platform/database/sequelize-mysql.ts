import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import { type Options, Sequelize } from 'sequelize';
import { startDeadline, TimeoutError, withTimeout } from '../resilience/deadline.ts';
import type { DatabaseEngine, EngineOptions, PoolUsage } from './database.ts';
import { DatabaseUnavailableError } from './database-errors.ts';
import type { DatabaseLocation } from './database-url.ts';
import { mysqlStatements } from './mysql-statements.ts';
import { pooledStatements } from './pooled-statements.ts';
import type { ConnectionStatements } from './statements.ts';
import { createTimedPool } from './timed-pool.ts';
import { beginTransaction } from './transaction.ts';

/** A server that does not greet, or takes longer for the session's settings, counts as away. */
const connectTimeoutMsMax = 2_000;

/** mysql2's types leave the socket out. */
type StreamConnection = Connection & { readonly stream: Socket };

/** The part of Sequelize's connection manager that its types leave out. */
interface ConnectionManager {
  getConnection(options?: object): Promise<StreamConnection>;
  releaseConnection(connection: StreamConnection): Promise<void> | void;
  /** Whether it can still be used. */
  validate(connection: StreamConnection): boolean;
  readonly pool: Readonly<Record<'size' | 'available' | 'waiting' | 'maxSize', number>>;
}

/** Opens a database of MySQL or MariaDB. */
export function openMysql(
  location: Extract<DatabaseLocation, { engine: 'mysql' }>,
  options: EngineOptions,
): DatabaseEngine {
  const { common, timeoutMs } = options;
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
      // Sequelize's own way takes longer, and comes to the same values for the types of our columns.
      typeCast: true,
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

  const { kept, ...lending } = limitBorrowing(sequelize, options);
  const { pool } = managerOf(sequelize);
  const poolUsage = (): PoolUsage => {
    const { size, available, waiting, maxSize } = pool;
    const idle = available + kept();
    return { inUse: size - idle, idle, waiting, max: maxSize };
  };
  const closeNow = (): void => {
    for (const connection of connections) cut(connection, 'The database was closed.');
  };
  return { sequelize, ...lending, poolUsage, closeNow };
}

/** Gives every query outside of a transaction `timeoutMs`, and every transaction the deadline that it begins with. */
function limitBorrowing(
  sequelize: Sequelize,
  { timeoutMs, connectionAgeMsMax, onAwaited, observed }: EngineOptions,
): Pick<DatabaseEngine, 'begin' | 'statements' | 'drain' | 'lastAnswerAt'> & { readonly kept: () => number } {
  const manager = managerOf(sequelize);
  const isAlive = (connection: StreamConnection): boolean => manager.validate(connection);
  const acquire = manager.getConnection.bind(manager);
  const release = manager.releaseConnection.bind(manager);
  const pool = createTimedPool<StreamConnection>(
    {
      acquire,
      release: (connection) => void release(connection),
      cut: (connection) => cut(connection, 'The database has not answered in time.', new TimeoutError(timeoutMs)),
      retire: (connection) => connection.end(),
      isAlive,
    },
    { ageMsMax: connectionAgeMsMax, onAwaited },
  );
  manager.getConnection = async (options) => await pool.borrow(startDeadline(timeoutMs), options);
  manager.releaseConnection = (connection) => pool.giveBack(connection);

  const statementsOn = (connection: StreamConnection): ConnectionStatements => observed(mysqlStatements(connection));
  const begin: DatabaseEngine['begin'] = async (deadline) => {
    const connection = await pool.borrow(deadline);
    return await beginTransaction(
      {
        statements: statementsOn(connection),
        get isAlive() {
          return isAlive(connection);
        },
        giveBack: () => pool.giveBack(connection),
        discard: () => {
          pool.cut(connection);
          // The pool finds out that it is dead when it is next asked for it.
          pool.giveBack(connection);
        },
      },
      { begin: 'START TRANSACTION', deadline },
    );
  };
  const giveBack = (connection: StreamConnection): void => pool.giveBack(connection);
  return {
    begin,
    statements: (deadline) => pooledStatements({ borrow: () => pool.borrow(deadline), giveBack, statementsOn }),
    kept: () => pool.kept,
    drain: () => pool.drain(),
    lastAnswerAt: () => pool.lastGivenBackAt,
  };
}

function managerOf(sequelize: Sequelize): ConnectionManager {
  return sequelize.connectionManager as unknown as ConnectionManager;
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
