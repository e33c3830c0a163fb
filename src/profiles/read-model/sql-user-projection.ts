import type { Statements } from '../../platform/database/statements.ts';
import { tableSql } from '../../platform/database/table-sql.ts';
import type { User } from '../users/user.ts';
import { toRow } from '../users/user-model.ts';
import type { UserProjection } from '../users/user-projection.ts';
import type { UserView } from '../users/user-view.ts';
import { toReadRow, type UsersReadModel } from './users-read-model.ts';

type UserProjectionSql = ReturnType<typeof userProjectionSql>;

/** The statements that write `users_read`. */
export function userProjectionSql(model: UsersReadModel) {
  const { table, replace, insertValues } = tableSql(model);
  return { replace: replace(1), insertValues, remove: `DELETE FROM ${table} WHERE id = ?` };
}

/** `users_read` in one transaction. */
export class SqlUserProjection implements UserProjection {
  readonly #sql: UserProjectionSql;
  readonly #statements: Statements;

  constructor(sql: UserProjectionSql, statements: Statements) {
    this.#sql = sql;
    this.#statements = statements;
  }

  async put(user: User, revision: number): Promise<UserView> {
    const row = toReadRow(toRow(user), revision);
    // Not an UPDATE: while the read model is pending, the row of a user that exists may be missing.
    await this.#statements.run(this.#sql.replace, this.#sql.insertValues(row));
    return { id: row.id, revision, version: row.version, body: row.body };
  }

  async remove(id: string): Promise<void> {
    await this.#statements.run(this.#sql.remove, [id]);
  }
}
