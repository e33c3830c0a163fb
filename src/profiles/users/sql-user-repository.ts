import { UniqueViolationError } from '../../platform/database/database-errors.ts';
import type { Statements } from '../../platform/database/statements.ts';
import { tableSql } from '../../platform/database/table-sql.ts';
import type { User } from './user.ts';
import { EmailTakenError, UserIdTakenError } from './user-errors.ts';
import { toRow, toUser, type UserModel, type UserRow } from './user-model.ts';
import type { UserRepository } from './user-repository.ts';

/** What an update sets: all but the id, and the time of creation, which stay. */
const changing = [
  'name',
  'nameKey',
  'email',
  'emailKey',
  'emailSearchKey',
  'phone',
  'displayName',
  'displayNameKey',
  'metadata',
  'version',
  'updatedAt',
] as const satisfies readonly (keyof UserRow)[];

type UserSql = ReturnType<typeof userSql>;

/** The statements on `users`. */
export function userSql(model: UserModel) {
  const { table, columns, insert, insertValues, assignments, forUpdate } = tableSql(model);
  const find = `SELECT ${columns} FROM ${table} WHERE id = ?`;
  return {
    insert,
    insertValues,
    find,
    findForUpdate: `${find}${forUpdate}`,
    update: `UPDATE ${table} SET ${assignments(changing)} WHERE id = ? AND version = ?`,
    remove: `DELETE FROM ${table} WHERE id = ?`,
  };
}

/** Users in one transaction. */
export class SqlUserRepository implements UserRepository {
  readonly #sql: UserSql;
  readonly #statements: Statements;

  constructor(sql: UserSql, statements: Statements) {
    this.#sql = sql;
    this.#statements = statements;
  }

  async insert(user: User): Promise<void> {
    const { insert, insertValues } = this.#sql;
    await decidedByIndexes(() => this.#statements.run(insert, insertValues(toRow(user))));
  }

  async find(id: string): Promise<User | null> {
    return await this.#find(this.#sql.find, id);
  }

  async findForUpdate(id: string): Promise<User | null> {
    return await this.#find(this.#sql.findForUpdate, id);
  }

  async update(user: User): Promise<void> {
    const row = toRow(user);
    const values = [...changing.map((name) => row[name]), user.id, user.version - 1];
    const { affectedRows } = await decidedByIndexes(() => this.#statements.run(this.#sql.update, values));
    if (affectedRows !== 1) throw new Error('A user was updated that this transaction had not locked.');
  }

  async remove(id: string): Promise<void> {
    const { affectedRows } = await this.#statements.run(this.#sql.remove, [id]);
    if (affectedRows !== 1) throw new Error('A user was removed that this transaction had not locked.');
  }

  async #find(sql: string, id: string): Promise<User | null> {
    const [row] = await this.#statements.all<UserRow>(sql, [id]);
    return row === undefined ? null : toUser(row);
  }
}

/** The unique indexes decide who was first; their names say what it was about. */
async function decidedByIndexes<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UniqueViolationError) {
      if (error.constraint === 'PRIMARY' || error.constraint === 'users.id') throw new UserIdTakenError();
      if (error.constraint === 'users_email_key' || error.constraint === 'users.email_key') throw new EmailTakenError();
    }
    throw error;
  }
}
