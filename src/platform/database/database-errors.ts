import {
  BaseError,
  ConnectionAcquireTimeoutError,
  ConnectionError,
  DatabaseError,
  UniqueConstraintError,
} from 'sequelize';
import { DomainError } from '../domain-error.ts';
import { TimeoutError } from '../resilience/deadline.ts';

/** The database cannot be reached, lost the connection, or did not answer in time. Nothing was changed. */
export class DatabaseUnavailableError extends DomainError {
  constructor(cause: unknown) {
    super('database-unavailable', 'The database cannot be reached at the moment.', { cause });
  }
}

/** The connection broke while a transaction was committed, and whether it was could not be found out in time. */
export class OutcomeUnknownError extends DomainError {
  constructor(cause: unknown) {
    super(
      'outcome-unknown',
      'The database went away while the change was committed; it may or may not have been made.',
      {
        cause,
      },
    );
  }
}

/** Others keep the connections busy for longer than a request may wait, or too many wait already. */
export class DatabaseOverloadedError extends DomainError {
  constructor(cause: unknown) {
    super('overloaded', 'No database connection became free in time.', { cause });
  }
}

/**
 * What made the database fail a transaction so that others go on.
 *
 * `deadlock` is also what a cluster (Galera, Group Replication) says at COMMIT when another node was first.
 */
export type TransactionConflict = 'deadlock' | 'lock-wait' | 'busy';

/** The database chose this transaction to fail; run again, it is expected to pass. */
export class TransientTransactionError extends DomainError {
  readonly conflict: TransactionConflict;

  constructor(conflict: TransactionConflict, cause: unknown) {
    super('overloaded', 'The change met others that change the same, too often or for too long.', { cause });
    this.conflict = conflict;
  }
}

/** Another transaction holds the row, and this one was told not to wait for it. */
export class RowLockedError extends Error {
  constructor(cause: unknown) {
    super('Another transaction holds the row.', { cause });
    this.name = 'RowLockedError';
  }
}

/**
 * A row with this key is there already.
 *
 * `constraint` is the index's name on MySQL and MariaDB (`users.email_key`), the column's on SQLite (`users.email`).
 * The driver's own error is not kept as a cause: its message holds the value, which may be an e-mail address.
 */
export class UniqueViolationError extends Error {
  readonly constraint: string;

  constructor(constraint: string) {
    super(`A row with the same key exists (${constraint}).`);
    this.name = 'UniqueViolationError';
    this.constraint = constraint;
  }
}

/**
 * Says what an error of Sequelize and its drivers, or a deadline of ours, means to us; what is none of theirs is returned as it is.
 *
 * A lost connection comes in many guises (`ConnectionError`, or a `DatabaseError` with a socket code, an SQLSTATE 08
 * or only a message), so code and message are looked at, here and nowhere else.
 */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof TimeoutError) return new DatabaseUnavailableError(error);
  if (!(error instanceof BaseError)) return isUnavailable(error) ? new DatabaseUnavailableError(error) : error;
  if (error instanceof ConnectionAcquireTimeoutError) return new DatabaseOverloadedError(error);
  if (error instanceof ConnectionError) return new DatabaseUnavailableError(error);
  if (error instanceof UniqueConstraintError) return new UniqueViolationError(constraintOf(error.parent.message));
  // Sequelize's TimeoutError is SQLite's SQLITE_BUSY; it is a DatabaseError too.
  if (error instanceof DatabaseError) {
    const conflict = conflicts.get(codeOf(error.parent));
    if (conflict !== undefined) return new TransientTransactionError(conflict, error);
    if (codeOf(error.parent) === 'ER_LOCK_NOWAIT') return new RowLockedError(error);
    if (isUnavailable(error.parent) || isMissingSchema(error.parent)) return new DatabaseUnavailableError(error);
  }
  return error;
}

/** Says the same of an error that a driver has thrown, mysql2 or the one of SQLite. */
export function translateDriverError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (isUniqueViolation(error)) return new UniqueViolationError(constraintOf(error.message));
  return translateDatabaseError(new DatabaseError(error as ConstructorParameters<typeof DatabaseError>[0]));
}

function isUniqueViolation(driverError: Error): boolean {
  const code = codeOf(driverError);
  return code === 'ER_DUP_ENTRY' || (code === 'SQLITE_CONSTRAINT' && driverError.message.includes('UNIQUE constraint'));
}

/** Runs `query`, and throws what its failure means to us. */
export async function translatingErrors<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

/** Whether a failure is the end of our patience with the database, rather than something that it, or the network, said. */
export function isTimeout(failure: unknown): boolean {
  for (
    let error = failure;
    error instanceof Error;
    error = error instanceof BaseError ? parentOf(error) : error.cause
  ) {
    if (error instanceof TimeoutError || codeOf(error) === 'ETIMEDOUT') return true;
  }
  return false;
}

/** Sequelize's own way of naming the cause. */
function parentOf(error: BaseError): unknown {
  return 'parent' in error ? error.parent : error.cause;
}

const conflicts: ReadonlyMap<string, TransactionConflict> = new Map([
  ['ER_LOCK_DEADLOCK', 'deadlock'],
  // A snapshot conflict on MariaDB.
  ['ER_CHECKREAD', 'deadlock'],
  // Group Replication refuses at COMMIT what another member changed first.
  ['ER_TRANSACTION_ROLLBACK_DURING_COMMIT', 'deadlock'],
  ['ER_LOCK_WAIT_TIMEOUT', 'lock-wait'],
  // SQLite's single writer.
  ['SQLITE_BUSY', 'busy'],
]);

/** What a server says that takes no changes, such as a primary that a failover has made a replica. */
const readOnlyCodes = ['ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE'];

const unavailableCodes = new Set([
  // The connection is gone, or there was none.
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // The server will not serve us now: too many connections, a shutdown, a failover.
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_NEW_ABORTING_CONNECTION',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  ...readOnlyCodes,
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
]);

/** A full disk does not pass by itself, so that nothing is tried again; what is there can still be read. */
const diskFullCodes = new Set(['ER_DISK_FULL', 'ER_RECORD_FILE_FULL', 'SQLITE_FULL']);

/** Whether there was no room for the change, which has been rolled back, even when COMMIT says so. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof DatabaseError && diskFullCodes.has(codeOf(error.parent));
}

/** Whether the server has refused a change because it takes none. */
export function isReadOnlyServer(error: unknown): boolean {
  const said = error instanceof DatabaseUnavailableError ? error.cause : error;
  return said instanceof DatabaseError && readOnlyCodes.includes(codeOf(said.parent));
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    unavailableCodes.has(codeOf(error)) ||
    /connection (?:is in )?(?:closed state|lost)|server closed the connection/i.test(error.message)
  );
}

/** The tables are not there yet: the service was started before its migrations. */
function isMissingSchema(driverError: Error): boolean {
  return codeOf(driverError) === 'ER_NO_SUCH_TABLE' || driverError.message.includes('no such table');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * MySQL and MariaDB name the index at the end of the message (MySQL behind `table.`), SQLite lists `table.column`.
 * Sequelize's own `fields` cannot be relied on: it splits values on `-`.
 */
function constraintOf(message: string): string {
  const index = /for key '(?:[^'.]+\.)?([^'.]+)'$/.exec(message)?.[1];
  return index ?? /UNIQUE constraint failed: (.+)$/.exec(message)?.[1] ?? 'unknown';
}
