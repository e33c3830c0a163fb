import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { toRow, defineUserModel } from '../../../src/profiles/users/user-model.ts';
import { positionOf, type UserListQuery, userSorts } from '../../../src/profiles/users/user-queries.ts';
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
    const rows = Array.from({ length: total }, (_, index) =>
      toRow(
        buildUser({ name: `Name ${index % 100}`, createdAt: new Date(Date.UTC(2026, 0, 1) + Math.floor(index / 3)) }),
      ),
    );
    await defineUserModel(store.database.sequelize).bulkCreate(rows);
    if (engine.name !== 'SQLite') await store.database.sequelize.query('ANALYZE TABLE users');
  });
  afterAll(() => store?.close());

  const select = <T extends object>(sql: string) => store.database.sequelize.query<T>(sql, { type: QueryTypes.SELECT });

  /** How many rows the server has read in this session, in any way. */
  const rowsRead = async () => {
    const counters = await select<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'");
    return counters.reduce((sum, { Value }) => sum + Number(Value), 0);
  };

  /** SQLite keeps no counters, but says how it goes about a query. */
  const plan = async (query: UserListQuery) => {
    const statement = jest.spyOn(store.database.sequelize, 'query');
    await store.queries.list(query);
    const sql: unknown = statement.mock.calls[0]?.[0];
    statement.mockRestore();
    if (typeof sql !== 'string') throw new Error('The query was not sent as text.');
    const steps = await select<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
    return steps.map(({ detail }) => detail).join('; ');
  };

  it.each(userSorts)('does not grow with its depth, by %s', async (sort) => {
    const everybody = await store.queries.list({ limit: total, sort });
    const deep = everybody[total - 2 * limit];
    if (!deep) throw new Error('There are too few users.');
    const query: UserListQuery = { limit, sort, after: positionOf(deep, sort) };

    if (engine.name === 'SQLite') {
      expect(await plan(query)).toMatch(
        /^SEARCH users USING INDEX users_(created_at|name_key) \((created_at|name_key)[<>]/,
      );
      return;
    }
    const before = await rowsRead();
    const idle = (await rowsRead()) - before;
    const start = await rowsRead();
    const page = await store.queries.list(query);
    const cost = (await rowsRead()) - start - idle;
    expect(page).toHaveLength(limit);
    // The rows of the page, the few that share the last one's key, and the steps down the index.
    expect(cost).toBeLessThanOrEqual(limit + 100);
  });
});
