import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Sequelize, Transaction } from 'sequelize';
import type { DatabaseEngine, EngineOptions, PoolUsage } from './database.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { createSqliteDriver } from './sqlite-driver.ts';
import { sqliteStatements } from './sqlite-statements.ts';
import { beginTransaction, type OpenTransaction } from './transaction.ts';

const never = (): number => Number.NEGATIVE_INFINITY;
/** Changes are numbered by one writer after the other, so that none becomes visible late. */
const noDeadline: Deadline = { remainingMs: () => Number.POSITIVE_INFINITY };

/** The part of Sequelize's connection manager that its types leave out. */
interface ConnectionManager {
  releaseConnection(connection: object): Promise<void> | void;
  destroyConnection(connection: object): Promise<void>;
}

/** Opens a SQLite file. */
export function openSqlite(path: string, { common, timeoutMs, onAwaited, observed }: EngineOptions): DatabaseEngine {
  const storage = resolve(path);
  mkdirSync(dirname(storage), { recursive: true });
  const driver = createSqliteDriver({ busyTimeoutMs: timeoutMs, onTurnAwaited: onAwaited });
  const sequelize = new Sequelize({
    ...common,
    dialect: 'sqlite',
    dialectModule: driver,
    storage,
    // As `begin` says it, for those that Sequelize begins.
    transactionType: Transaction.TYPES.IMMEDIATE,
  });
  // After a COMMIT that failed, Sequelize looks for the connection in a pool that its SQLite dialect does not have, and
  // leaves it open, with the transaction and the lock on the file.
  const connections = sequelize.connectionManager as unknown as ConnectionManager;
  connections.destroyConnection = async (connection) => await connections.releaseConnection(connection);
  const begin = async (): Promise<OpenTransaction> => {
    const connection = driver.connect(storage);
    const close = (): void => connection.close();
    const statements = observed(sqliteStatements(connection));
    // A deferred transaction that reads before it writes cannot wait for its turn: it fails with BUSY.
    return await beginTransaction(
      { statements, isAlive: true, giveBack: close, discard: close },
      { begin: 'BEGIN IMMEDIATE', deadline: noDeadline },
    );
  };
  // Outside of transactions one connection does for all who come.
  const reading = observed(sqliteStatements(driver.connect(storage)));
  return {
    sequelize,
    begin,
    statements: () => reading,
    poolUsage: (): PoolUsage => {
      const { isTaken, waiting } = driver.turnToWrite;
      return { inUse: isTaken ? 1 : 0, idle: isTaken ? 0 : 1, waiting, max: 1 };
    },
    lastAnswerAt: never,
    drain: () => {},
    closeNow: () => driver.close(),
  };
}
