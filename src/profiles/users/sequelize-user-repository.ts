import type { Transaction } from 'sequelize';
import { translateDatabaseError, UniqueViolationError } from '../../platform/database/database-errors.ts';
import type { User } from './user.ts';
import { EmailTakenError, UserIdTakenError } from './user-errors.ts';
import { toRow, toUser, type UserModel, type UserRow } from './user-model.ts';
import type { UserRepository } from './user-repository.ts';

/** Users in one Sequelize transaction. */
export class SequelizeUserRepository implements UserRepository {
  readonly #model: UserModel;
  readonly #transaction: Transaction;

  constructor(model: UserModel, transaction: Transaction) {
    this.#model = model;
    this.#transaction = transaction;
  }

  async insert(user: User): Promise<void> {
    await decidedByIndexes(() => this.#model.create(toRow(user), { transaction: this.#transaction }));
  }

  async find(id: string): Promise<User | null> {
    const row = await this.#model.findByPk(id, { raw: true, transaction: this.#transaction });
    return row === null ? null : toUser(row as unknown as UserRow);
  }

  async findForUpdate(id: string): Promise<User | null> {
    // SQLite has no row locks and needs none: BEGIN IMMEDIATE has made this the only writer.
    const row = await this.#model.findByPk(id, {
      raw: true,
      transaction: this.#transaction,
      lock: this.#transaction.LOCK.UPDATE,
    });
    return row === null ? null : toUser(row as unknown as UserRow);
  }

  async update(user: User): Promise<void> {
    const { id, createdAt: _createdAt, ...changes } = toRow(user);
    const [updated] = await decidedByIndexes(() =>
      this.#model.update(changes, { where: { id, version: user.version - 1 }, transaction: this.#transaction }),
    );
    if (updated !== 1) throw new Error('A user was updated that this transaction had not locked.');
  }

  async remove(id: string): Promise<void> {
    const removed = await this.#model.destroy({ where: { id }, transaction: this.#transaction });
    if (removed !== 1) throw new Error('A user was removed that this transaction had not locked.');
  }
}

/** The unique indexes decide who was first; their names say what it was about. */
async function decidedByIndexes<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (thrown) {
    const error = translateDatabaseError(thrown);
    if (error instanceof UniqueViolationError) {
      if (error.constraint === 'PRIMARY' || error.constraint === 'users.id') throw new UserIdTakenError();
      if (error.constraint === 'users_email_key' || error.constraint === 'users.email_key') throw new EmailTakenError();
    }
    throw error;
  }
}
