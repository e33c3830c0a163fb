import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import { tableSql } from '../../platform/database/table-sql.ts';
import type { ChangeListQuery, ChangeQueries, RecordedChange } from './change-journal.ts';
import { toRecordedChange, type UserChangeModel, type UserChangeRow } from './user-change-model.ts';

export class SqlChangeQueries implements ChangeQueries {
  /** Numbers begin at 1. */
  readonly #listSql: string;
  readonly #reader: DatabaseReader;

  constructor(model: UserChangeModel, reader: DatabaseReader) {
    const { table, columns } = tableSql(model);
    this.#listSql = `SELECT ${columns} FROM ${table} WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?`;
    this.#reader = reader;
  }

  async list({ userId, limit, after }: ChangeListQuery): Promise<readonly RecordedChange[]> {
    const rows = await this.#reader.read(
      (statements) => statements.all<UserChangeRow>(this.#listSql, [userId, after ?? 0, limit]),
      { keys: [userId] },
    );
    return rows.map(toRecordedChange);
  }
}
