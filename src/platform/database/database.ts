import type { Options, Sequelize } from 'sequelize';
import type { Deadline } from '../resilience/deadline.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { OpenTransaction } from './transaction.ts';
import type { ConnectionStatements, Statements } from './statements.ts';

export interface Database {
  readonly sequelize: Sequelize;
  /**
   * Begins a transaction, which fails, wherever it is, when it has not ended by the deadline.
   *
   * On SQLite, whose calls cannot be cut short, the deadline of the database bounds each wait for a lock instead.
   */
  begin(deadline: Deadline): Promise<OpenTransaction>;
  /**
   * Statements outside of any transaction. Each borrows a connection for itself, and fails when it has not been answered
   * by the deadline.
   */
  statements(deadline: Deadline): Statements;
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
  /**
   * How old a connection may get; a minute by default. The name of the server may lead to another one by now, of which
   * nobody who keeps their connections would ever know: a primary that becomes a replica closes none.
   */
  readonly connectionAgeMsMax?: number;
  /** Is told how long somebody has waited for a connection, to be given one or in vain. */
  readonly onConnectionAwaited?: (waitMs: number) => void;
  /** What makes spans of statements; none are made by default. */
  readonly tracing?: Tracing;
}

/** What an engine brings to its `Database`; the rest is the same for all. */
export type DatabaseEngine = Pick<Database, 'sequelize' | 'begin' | 'statements' | 'poolUsage' | 'lastAnswerAt'> & {
  /** Keeps no connection that Sequelize would wait for when it closes. */
  readonly drain: () => void;
  /** Ends at once what still runs. */
  readonly closeNow: () => void;
};

/** What the engines are opened with. */
export interface EngineOptions {
  /** For the constructor of Sequelize. */
  readonly common: Options;
  readonly timeoutMs: number;
  readonly connectionAgeMsMax: number;
  readonly onAwaited: (waitMs: number) => void;
  /** Makes of a driver's statements those that the rest of the program gets: with errors of ours, and with spans. */
  readonly observed: (statements: ConnectionStatements) => ConnectionStatements;
}
