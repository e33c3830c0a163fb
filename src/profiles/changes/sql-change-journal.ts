import type { Statements } from '../../platform/database/statements.ts';
import { tableSql } from '../../platform/database/table-sql.ts';
import type { ChangeJournal } from './change-journal.ts';
import type { UserChange } from './user-change.ts';
import { toChangeRow, type UserChangeModel } from './user-change-model.ts';

type ChangeJournalSql = ReturnType<typeof changeJournalSql>;

/** The statements of the journal. */
export function changeJournalSql(model: UserChangeModel) {
  const { table, insert, insertValues, forUpdate } = tableSql(model);
  return { insert, insertValues, findLocked: `SELECT change_id FROM ${table} WHERE change_id = ?${forUpdate}` };
}

/** The journal in one transaction. */
export class SqlChangeJournal implements ChangeJournal {
  readonly #sql: ChangeJournalSql;
  readonly #statements: Statements;

  constructor(sql: ChangeJournalSql, statements: Statements) {
    this.#sql = sql;
    this.#statements = statements;
  }

  async append(change: UserChange): Promise<number> {
    const { insertId } = await this.#statements.run(this.#sql.insert, this.#sql.insertValues(toChangeRow(change)));
    return insertId;
  }

  async has(changeId: string): Promise<boolean> {
    return (await this.#statements.all(this.#sql.findLocked, [changeId])).length > 0;
  }
}
