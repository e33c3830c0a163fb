import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import { createPointReads, type PointReads } from '../../platform/database/point-reads.ts';
import type { SqlValue } from '../../platform/database/statements.ts';
import { tableSql } from '../../platform/database/table-sql.ts';
import { prefixEnd } from './text-keys.ts';
import { toUser, type UserModel, type UserRow } from './user-model.ts';
import type { StoredUser, StoredUserQueries, UserListQuery, UserSort } from './user-queries.ts';
import { type UserView, viewOf } from './user-view.ts';

/**
 * A table that users can be read from. It has an index for each of `id`, `email_key`, `(created_at, id)`,
 * `(name_key, id)`, `display_name_key` and `email_search_key`.
 */
export interface UserTable<Row extends object> {
  /** Quoted. */
  readonly table: string;
  /** For SELECT: those of `Row`, by their names in it. */
  readonly columns: string;
  readonly viewOf: (row: Row) => UserView;
  /** Whether its views have revisions, without which they cannot be told from older ones, and must not be kept. */
  readonly hasRevisions: boolean;
}

/** The table that commands write. */
export function usersTable(model: UserModel): UserTable<UserRow> {
  const { table, columns } = tableSql(model);
  return { table, columns, viewOf: (row) => viewOf(toUser(row), 0), hasRevisions: false };
}

const sortColumns = {
  createdAt: { column: 'created_at', descending: false },
  '-createdAt': { column: 'created_at', descending: true },
  name: { column: 'name_key', descending: false },
  '-name': { column: 'name_key', descending: true },
} as const satisfies Record<UserSort, { column: string; descending: boolean }>;

/**
 * How many users one statement looks for, when so many are asked for at once. With more, all that are under way end up in
 * one question, and service and database wait for each other by turns: 64 gave a tenth less than this.
 */
const idsMax = 16;

export class SqlUserQueries<Row extends object> implements StoredUserQueries {
  readonly #source: UserTable<Row>;
  readonly #reader: DatabaseReader;
  readonly #views: PointReads<UserView>;

  constructor(source: UserTable<Row>, reader: DatabaseReader) {
    this.#source = source;
    this.#reader = reader;
    this.#views = createPointReads({ fetch: (ids) => this.#fetch(ids), batchMax: idsMax });
  }

  async find(id: string): Promise<StoredUser> {
    return { view: await this.#views.find(id), mayBeKept: this.#source.hasRevisions };
  }

  async list(query: UserListQuery): Promise<readonly UserView[]> {
    const { sql, values } = listStatement(this.#source, query);
    const rows = await this.#reader.read((statements) => statements.all<Row>(sql, values), { keys: 'any' });
    return rows.map((row) => this.#source.viewOf(row));
  }

  async #fetch(ids: readonly string[]): Promise<ReadonlyMap<string, UserView>> {
    const { table, columns, viewOf: toView } = this.#source;
    const sql = `SELECT ${columns} FROM ${table} WHERE id IN (${ids.map(() => '?').join(', ')})`;
    const rows = await this.#reader.read((statements) => statements.all<Row>(sql, ids), { keys: ids });
    return new Map(rows.map(toView).map((view) => [view.id, view]));
  }
}

/** A condition, and what its `?` stand for. */
interface Term {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Of few texts, by which of the query's parts are there, so that all can be prepared. */
function listStatement<Row extends object>({ table, columns }: UserTable<Row>, query: UserListQuery): Term {
  const { column, descending } = sortColumns[query.sort];
  const terms: readonly Term[] = [
    ...(query.emailKey === undefined ? [] : [{ sql: 'email_key = ?', values: [query.emailKey] }]),
    ...(query.prefix === undefined ? [] : [startsWith(query.prefix)]),
    ...(query.after === undefined ? [] : [behind(query.after, column, descending)]),
  ];
  const where = terms.length === 0 ? '' : ` WHERE ${terms.map(({ sql }) => sql).join(' AND ')}`;
  const direction = descending ? 'DESC' : 'ASC';
  return {
    sql: `SELECT ${columns} FROM ${table}${where} ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
    values: [...terms.flatMap(({ values }) => values), query.limit],
  };
}

/** A range rather than LIKE: `%` and `_` are ordinary characters, and every engine uses the index. */
function startsWith(prefix: string): Term {
  const end = prefixEnd(prefix);
  const columns = ['name_key', 'display_name_key', 'email_search_key'];
  const ranges = columns.map((column) => `(${column} >= ?${end === null ? '' : ` AND ${column} < ?`})`);
  const bounds = end === null ? [prefix] : [prefix, end];
  return { sql: `(${ranges.join(' OR ')})`, values: columns.flatMap(() => bounds) };
}

/** `(key, id) > (…)`, spelled so that the first term alone bounds the index range. */
function behind(
  after: NonNullable<UserListQuery['after']>,
  column: 'created_at' | 'name_key',
  descending: boolean,
): Term {
  const key = column === 'created_at' ? new Date(after.key) : after.key;
  const beyond = descending ? '<' : '>';
  return {
    sql: `${column} ${beyond}= ? AND (${column} ${beyond} ? OR id ${beyond} ?)`,
    values: [key, key, after.id],
  };
}
