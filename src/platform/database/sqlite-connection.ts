import { setTimeout as delay } from 'node:timers/promises';
import { isBusy, SQLITE_ABORT, SQLITE_BUSY_SNAPSHOT, SQLITE_MISUSE, SqliteError } from './sqlite-error.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { SqliteHandle } from './sqlite-handle.ts';

const BEGINS_WRITING = /^\s*BEGIN\s+(?:IMMEDIATE|EXCLUSIVE)\b/i;
const COMMITS = /^\s*(?:COMMIT|END)\b/i;
const ROLLS_BACK = /^\s*ROLLBACK\s*(?:TRANSACTION\s*)?;?\s*$/i;

/**
 * Constant and short: only the one whose turn it is polls, and the lock is free for no more than moments when another
 * process is busy writing. Those who back off starve.
 */
const retryDelayMs = 1;

/** Something to be done with a handle, at once and without interruption. */
export interface Job<T> {
  readonly sql: string;
  readonly work: (handle: SqliteHandle) => T;
  /** Whether it may be done again after SQLITE_BUSY: a statement may, a script may be half done. */
  readonly isRepeatable: boolean;
}

/**
 * What Sequelize takes for a connection: jobs and at most one transaction, on handles borrowed from the file's pool.
 *
 * Outside a transaction each job borrows a handle for as long as it runs. A transaction keeps its handle, and the turn
 * to write if it began with BEGIN IMMEDIATE, until it ends.
 */
export class SqliteConnection {
  readonly #file: SqliteFile;
  readonly #busyTimeoutMs: number;
  #handle: SqliteHandle | undefined;
  #hasTurn = false;
  /** The transaction was rolled back by a failure, and who uses it has not said ROLLBACK yet. */
  #isAborted = false;
  #isClosed = false;
  #queued = 0;
  #lastQueued: Promise<unknown> = Promise.resolve();

  /** @param busyTimeoutMs how long a job may wait for locks, its turn included */
  constructor(file: SqliteFile, busyTimeoutMs: number) {
    this.#file = file;
    this.#busyTimeoutMs = busyTimeoutMs;
    file.connections.add(this);
  }

  get isInTransaction(): boolean {
    return this.#handle?.isTransaction === true;
  }

  /**
   * Does a job; those of a transaction run in the order in which they were given.
   * @throws SqliteError `SQLITE_BUSY` when locks were not free in time, `SQLITE_ABORT` when the transaction is gone
   */
  async do<T>(job: Job<T>): Promise<T> {
    // Outside a transaction jobs are independent: one that waits for a lock does not hold up the others.
    if (this.#queued === 0 && !this.isInTransaction && !BEGINS_WRITING.test(job.sql)) return await this.#perform(job);
    this.#queued++;
    const result = this.#lastQueued.then(() => this.#perform(job)).finally(() => this.#queued--);
    // The next one waits for the end of this one, however it ends; the caller is told how.
    this.#lastQueued = result.catch(() => {});
    return await result;
  }

  /** Rolls back what is open and hands on the turn; jobs that wait fail. Closing again does nothing. */
  close(): void {
    this.#isClosed = true;
    this.#file.connections.delete(this);
    this.#drop();
  }

  async #perform<T>(job: Job<T>): Promise<T> {
    const expiresAt = performance.now() + this.#busyTimeoutMs;
    if (this.#isAborted) this.#leaveAborted(job.sql);
    if (this.isInTransaction) return await this.#performInTransaction(job, expiresAt);
    if (job.isRepeatable && !BEGINS_WRITING.test(job.sql)) {
      try {
        return this.#attempt(job);
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
    }
    return await this.#performInTurn(job, expiresAt);
  }

  async #performInTurn<T>(job: Job<T>, expiresAt: number): Promise<T> {
    await this.#file.writers.take(expiresAt);
    try {
      return await this.#attemptUntil(expiresAt, job);
    } finally {
      if (this.isInTransaction) this.#hasTurn = true;
      else this.#file.writers.handOn();
    }
  }

  async #performInTransaction<T>(job: Job<T>, expiresAt: number): Promise<T> {
    try {
      return await this.#attemptUntil(expiresAt, job);
    } catch (error) {
      // Sequelize forgets a connection on which a transaction could not be ended, without closing it.
      if (COMMITS.test(job.sql) || ROLLS_BACK.test(job.sql)) this.#drop();
      this.#isAborted = !this.isInTransaction;
      throw error;
    }
  }

  async #attemptUntil<T>(expiresAt: number, job: Job<T>): Promise<T> {
    for (;;) {
      try {
        return this.#attempt(job);
      } catch (error) {
        if (!isBusy(error) || !job.isRepeatable) throw error;
        // SQLite's own words, "database is locked", would make Sequelize repeat what has waited long enough.
        if (this.isInTransaction && error.errno === SQLITE_BUSY_SNAPSHOT) {
          throw new SqliteError(error.errno, 'others have written since this transaction first read', { cause: error });
        }
        if (performance.now() >= expiresAt) {
          throw new SqliteError(error.errno, `still locked after ${this.#busyTimeoutMs} ms`, { cause: error });
        }
      }
      await delay(retryDelayMs);
    }
  }

  #attempt<T>(job: Job<T>): T {
    if (this.#isClosed) throw new SqliteError(SQLITE_MISUSE, 'the connection is closed');
    const handle = this.#handle ?? this.#file.borrow();
    try {
      // Sequelize says ROLLBACK after a BEGIN that failed, too; refused, it would lose the connection.
      if (ROLLS_BACK.test(job.sql) && !handle.isTransaction) handle.run('BEGIN', []);
      return job.work(handle);
    } finally {
      this.#keepOrGiveBack(handle);
    }
  }

  #keepOrGiveBack(handle: SqliteHandle): void {
    const inTransaction = handle.isTransaction;
    if (inTransaction || handle.isAltered) {
      this.#handle = handle;
    } else {
      this.#handle = undefined;
      this.#file.giveBack(handle);
    }
    if (!inTransaction) this.#endTurn();
  }

  #leaveAborted(sql: string): void {
    if (!ROLLS_BACK.test(sql)) throw new SqliteError(SQLITE_ABORT, 'a failure has rolled this transaction back');
    this.#isAborted = false;
  }

  #drop(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) this.#file.giveBack(handle);
    this.#endTurn();
  }

  #endTurn(): void {
    if (!this.#hasTurn) return;
    this.#hasTurn = false;
    this.#file.writers.handOn();
  }
}
