import { tableSql } from '../../platform/database/table-sql.ts';
import type { UserTable } from '../users/sql-user-queries.ts';
import type { UserView } from '../users/user-view.ts';
import type { UsersReadModel } from './users-read-model.ts';

/** The table that is made for queries. */
export function usersReadTable(model: UsersReadModel): UserTable<UserView> {
  const { table } = tableSql(model);
  return { table, columns: 'id, revision, version, body', viewOf: (row) => row, hasRevisions: true };
}
