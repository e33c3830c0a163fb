import { QueryTypes, type Transaction } from 'sequelize';
import {
  RowLockedError,
  TransientTransactionError,
  translatingErrors,
  UniqueViolationError,
} from '../database/database-errors.ts';
import type { Answer } from './answer.ts';
import type { IdempotencyClaim } from './idempotency-claim.ts';
import { RequestInProgressError } from './idempotency-errors.ts';
import type { IdempotencyModel, IdempotencyRow } from './idempotency-model.ts';
import type { IdempotencyStore } from './idempotency-store.ts';

/** Keys in one Sequelize transaction, READ COMMITTED or SQLite's BEGIN IMMEDIATE (see `sequelize.ts`). */
export class SequelizeIdempotencyStore implements IdempotencyStore {
  readonly #model: IdempotencyModel;
  readonly #transaction: Transaction;

  constructor(model: IdempotencyModel, transaction: Transaction) {
    this.#model = model;
    this.#transaction = transaction;
  }

  async claim(
    claim: IdempotencyClaim,
    now: Date,
    expiresAt: Date,
  ): Promise<{ readonly fingerprint: string; readonly answer: Answer } | null> {
    return await translatingErrors(async () => {
      const lock = await this.#lock(claim.id);
      if (lock !== 'absent') {
        const row = await this.#find(claim.id);
        if (row !== null && isLive(row, now)) return { fingerprint: row.fingerprint, answer: answerOf(row) };
        if (lock === 'held') throw new RequestInProgressError();
        if (row !== null) await this.#model.destroy({ where: { id: claim.id }, transaction: this.#transaction });
      }
      return await this.#insert(claim, now, expiresAt);
    });
  }

  async keep(claim: IdempotencyClaim, answer: Answer): Promise<void> {
    const [kept] = await translatingErrors(() =>
      this.#model.update(
        { status: answer.status, headers: JSON.stringify(answer.headers), body: answer.body },
        { where: { ...claim, status: null }, transaction: this.#transaction },
      ),
    );
    if (kept !== 1) throw new Error('An answer was to be kept under a key that this transaction had not claimed.');
  }

  async findDecided(claim: IdempotencyClaim, now: Date): Promise<Answer | null> {
    const row = await translatingErrors(() => this.#find(claim.id, { lock: this.#transaction.LOCK.SHARE }));
    if (row === null || row.fingerprint !== claim.fingerprint || !isLive(row, now)) return null;
    return answerOf(row);
  }

  /** `held` is what another transaction has locked: to insert it, to replace it, or only to read its answer. */
  async #lock(id: string): Promise<'absent' | 'locked' | 'held'> {
    const { sequelize } = this.#model;
    // SQLite has no row locks and needs none: BEGIN IMMEDIATE has made this the only writer.
    if (sequelize === undefined || sequelize.getDialect() === 'sqlite') return 'locked';
    try {
      const rows = await translatingErrors(() =>
        sequelize.query('SELECT id FROM idempotency_keys WHERE id = ? FOR UPDATE NOWAIT', {
          type: QueryTypes.SELECT,
          replacements: [id],
          transaction: this.#transaction,
        }),
      );
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
      await translatingErrors(() => this.#model.create(row, { transaction: this.#transaction }));
      return null;
    } catch (error) {
      if (isLockWait(error)) throw new RequestInProgressError({ cause: error });
      if (!(error instanceof UniqueViolationError)) throw error;
    }
    // Somebody was quicker, and has committed. The failed INSERT has left a shared lock; to ask for more than that would
    // make a deadlock of two who are here.
    const theirs = await this.#find(claim.id, { lock: this.#transaction.LOCK.SHARE });
    if (theirs === null || !isLive(theirs, now)) throw new RequestInProgressError();
    return { fingerprint: theirs.fingerprint, answer: answerOf(theirs) };
  }

  async #find(id: string, options: { lock?: Transaction['LOCK']['SHARE'] } = {}): Promise<IdempotencyRow | null> {
    const row = await this.#model.findByPk(id, { transaction: this.#transaction, ...options });
    return row?.get() ?? null;
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
