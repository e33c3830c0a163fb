import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import type { Statements, SqlValue } from '../../../src/platform/database/statements.ts';
import { usersReadTable } from '../../../src/profiles/read-model/sql-users-read-table.ts';
import { defineUsersReadModel, toReadRow } from '../../../src/profiles/read-model/users-read-model.ts';
import { SqlUserQueries, usersTable } from '../../../src/profiles/users/sql-user-queries.ts';
import { defineUserModel, toRow } from '../../../src/profiles/users/user-model.ts';
import {
  positionOf,
  type UserListQuery,
  type StoredUserQueries,
  userSorts,
} from '../../../src/profiles/users/user-queries.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { openSequelizeStore } from '../../helpers/profiles-store.ts';

const total = 3_000;
const limit = 20;

describeOnEachEngine('The cost of a page', (engine) => {
  let store: Awaited<ReturnType<typeof openSequelizeStore>>;
  beforeAll(async () => {
    // One connection, so that the session's counters are those of the query.
    store = await openSequelizeStore(engine, { poolMax: 1 });
    const { sequelize } = store.database;
    const rows = Array.from({ length: total }, (_, index) =>
      toRow(
        buildUser({ name: `Name ${index % 100}`, createdAt: new Date(Date.UTC(2026, 0, 1) + Math.floor(index / 3)) }),
      ),
    );
    await defineUserModel(sequelize).bulkCreate(rows);
    await defineUsersReadModel(sequelize).bulkCreate(rows.map((row, index) => toReadRow(row, index)));
    if (engine.name !== 'SQLite') await sequelize.query('ANALYZE TABLE users, users_read');
  });
  afterAll(() => store?.close());

  const select = <T extends object>(sql: string, replacements: unknown[] = []) =>
    store.database.sequelize.query<T>(sql, { type: QueryTypes.SELECT, replacements });

  /** How many rows the server has read in this session, in any way. */
  const rowsRead = async () => {
    const counters = await select<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'");
    return counters.reduce((sum, { Value }) => sum + Number(Value), 0);
  };

  /** SQLite keeps no counters, but says how it goes about a query. */
  const plan = async (table: 'users' | 'users_read', query: UserListQuery) => {
    const asked: [sql: string, values: readonly SqlValue[]][] = [];
    const { sequelize } = store.database;
    const reader = {
      read: <T>(work: (statements: Statements) => Promise<T>) =>
        work({
          all: (sql, values) => {
            asked.push([sql, values]);
            return Promise.resolve([]);
          },
          run: () => Promise.reject(new Error('A query has written.')),
        }),
    };
    const queries: StoredUserQueries =
      table === 'users'
        ? new SqlUserQueries(usersTable(defineUserModel(sequelize)), reader)
        : new SqlUserQueries(usersReadTable(defineUsersReadModel(sequelize)), reader);
    await queries.list(query);
    const [sql, values] = asked[0] ?? ['', []];
    const steps = await select<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, [...values]);
    return steps.map(({ detail }) => detail).join('; ');
  };

  describe.each(['users', 'users_read'] as const)('of %s', (table) => {
    it.each(userSorts)('does not grow with its depth, by %s', async (sort) => {
      const queries = table === 'users' ? store.usersQueries : store.queries;
      const everybody = await queries.list({ limit: total, sort });
      const deep = everybody[total - 2 * limit];
      if (!deep) throw new Error('There are too few users.');
      const query: UserListQuery = { limit, sort, after: positionOf(deep, sort) };

      if (engine.name === 'SQLite') {
        const column = sort.endsWith('name') ? 'name_key' : 'created_at';
        expect(await plan(table, query)).toMatch(
          new RegExp(`^SEARCH ${table} USING INDEX ${table}_${column} \\(${column}[<>]`),
        );
        return;
      }
      const before = await rowsRead();
      const idle = (await rowsRead()) - before;
      const start = await rowsRead();
      const page = await queries.list(query);
      const cost = (await rowsRead()) - start - idle;
      expect(page).toHaveLength(limit);
      // The rows of the page, the few that share the last one's key, and the steps down the index.
      expect(cost).toBeLessThanOrEqual(limit + 100);
    });
  });
});
