import type { Transaction } from 'sequelize';
import type { ChangeJournal } from './change-journal.ts';
import type { UserChange } from './user-change.ts';
import { toChangeRow, type UserChangeModel } from './user-change-model.ts';

/** The journal in one Sequelize transaction. */
export class SequelizeChangeJournal implements ChangeJournal {
  readonly #model: UserChangeModel;
  readonly #transaction: Transaction;

  constructor(model: UserChangeModel, transaction: Transaction) {
    this.#model = model;
    this.#transaction = transaction;
  }

  async append(change: UserChange): Promise<void> {
    await this.#model.create(toChangeRow(change), { transaction: this.#transaction });
  }

  async has(changeId: string): Promise<boolean> {
    // SQLite has no row locks and needs none: BEGIN IMMEDIATE has waited for the other writer.
    const row = await this.#model.findOne({
      attributes: ['changeId'],
      where: { changeId },
      raw: true,
      transaction: this.#transaction,
      lock: this.#transaction.LOCK.UPDATE,
    });
    return row !== null;
  }
}
