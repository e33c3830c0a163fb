import { RowLockedError, TransientTransactionError, UniqueViolationError } from '../database/database-errors.ts';
import type { Statements } from '../database/statements.ts';
import { tableSql } from '../database/table-sql.ts';
import type { Answer } from './answer.ts';
import type { IdempotencyClaim } from './idempotency-claim.ts';
import { RequestInProgressError } from './idempotency-errors.ts';
import type { IdempotencyModel, IdempotencyRow } from './idempotency-model.ts';
import type { IdempotencyStore } from './idempotency-store.ts';

type IdempotencySql = ReturnType<typeof idempotencySql>;

/** The statements on `idempotency_keys`. */
export function idempotencySql(model: IdempotencyModel) {
  const { table, columns, insert, insertValues, assignments, forUpdate, forShare } = tableSql(model);
  const find = `SELECT ${columns} FROM ${table} WHERE id = ?`;
  return {
    insert,
    insertValues,
    /** Null where there are no rows to be locked, since the transaction is the only writer. */
    lock: forUpdate === '' ? null : `SELECT id FROM ${table} WHERE id = ?${forUpdate} NOWAIT`,
    find,
    findShared: `${find}${forShare}`,
    keep: `UPDATE ${table} SET ${assignments(['status', 'headers', 'body'])} WHERE id = ? AND fingerprint = ? AND status IS NULL`,
    remove: `DELETE FROM ${table} WHERE id = ?`,
  };
}

/** Keys in one transaction, READ COMMITTED or SQLite's BEGIN IMMEDIATE (see `sequelize.ts`). */
export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #sql: IdempotencySql;
  readonly #statements: Statements;

  constructor(sql: IdempotencySql, statements: Statements) {
    this.#sql = sql;
    this.#statements = statements;
  }

  async claim(
    claim: IdempotencyClaim,
    now: Date,
    expiresAt: Date,
  ): Promise<{ readonly fingerprint: string; readonly answer: Answer } | null> {
    const lock = await this.#lock(claim.id);
    if (lock !== 'absent') {
      const row = await this.#find(this.#sql.find, claim.id);
      if (row !== null && isLive(row, now)) return { fingerprint: row.fingerprint, answer: answerOf(row) };
      if (lock === 'held') throw new RequestInProgressError();
      if (row !== null) await this.#statements.run(this.#sql.remove, [claim.id]);
    }
    return await this.#insert(claim, now, expiresAt);
  }

  async keep({ id, fingerprint }: IdempotencyClaim, { status, headers, body }: Answer): Promise<void> {
    const values = [status, JSON.stringify(headers), body, id, fingerprint];
    const { affectedRows } = await this.#statements.run(this.#sql.keep, values);
    if (affectedRows !== 1)
      throw new Error('An answer was to be kept under a key that this transaction had not claimed.');
  }

  async findDecided(claim: IdempotencyClaim, now: Date): Promise<Answer | null> {
    const row = await this.#find(this.#sql.findShared, claim.id);
    if (row === null || row.fingerprint !== claim.fingerprint || !isLive(row, now)) return null;
    return answerOf(row);
  }

  /** `held` is what another transaction has locked: to insert it, to replace it, or only to read its answer. */
  async #lock(id: string): Promise<'absent' | 'locked' | 'held'> {
    if (this.#sql.lock === null) return 'locked';
    try {
      const rows = await this.#statements.all(this.#sql.lock, [id]);
      return rows.length === 0 ? 'absent' : 'locked';
    } catch (error) {
      // MySQL has an error of its own for NOWAIT, MariaDB says at once that it has waited for too long.
      if (error instanceof RowLockedError || isLockWait(error)) return 'held';
      throw error;
    }
  }

  async #insert(
    claim: IdempotencyClaim,
    now: Date,
    expiresAt: Date,
  ): Promise<{ readonly fingerprint: string; readonly answer: Answer } | null> {
    const row = { ...claim, status: null, headers: null, body: null, createdAt: now, expiresAt };
    try {
      await this.#statements.run(this.#sql.insert, this.#sql.insertValues(row));
      return null;
    } catch (error) {
      if (isLockWait(error)) throw new RequestInProgressError({ cause: error });
      if (!(error instanceof UniqueViolationError)) throw error;
    }
    // Somebody was quicker, and has committed. The failed INSERT has left a shared lock; to ask for more than that would
    // make a deadlock of two who are here.
    const theirs = await this.#find(this.#sql.findShared, claim.id);
    if (theirs === null || !isLive(theirs, now)) throw new RequestInProgressError();
    return { fingerprint: theirs.fingerprint, answer: answerOf(theirs) };
  }

  async #find(sql: string, id: string): Promise<IdempotencyRow | null> {
    const [row] = await this.#statements.all<IdempotencyRow>(sql, [id]);
    return row ?? null;
  }
}

function isLockWait(error: unknown): boolean {
  return error instanceof TransientTransactionError && error.conflict === 'lock-wait';
}

function isLive(row: IdempotencyRow, now: Date): boolean {
  return row.expiresAt > now;
}

function answerOf({ status, headers, body }: IdempotencyRow): Answer {
  if (status === null || headers === null || body === null) throw new Error('A key was committed without an answer.');
  const parsed: Record<string, string> = JSON.parse(headers);
  return { status, headers: parsed, body };
}
