import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startDeadline } from '../../src/platform/resilience/deadline.ts';
import { SqlChangeFeed } from '../../src/profiles/changes/sql-change-feed.ts';
import { describeOnEachEngine } from '../helpers/engines.ts';
import { openSequelizeStore, type SequelizeStore } from '../helpers/profiles-store.ts';

describeOnEachEngine('The journal of users as a feed', (engine) => {
  let store: SequelizeStore;
  let feed: SqlChangeFeed;

  beforeAll(async () => {
    store = await openSequelizeStore(engine);
    const reader = {
      read: async <T>(query: (statements: ReturnType<typeof store.database.statements>) => Promise<T>) =>
        await query(store.database.statements(startDeadline(3_000))),
    };
    feed = new SqlChangeFeed(reader, { hasRowLocks: engine.name !== 'SQLite' });
  }, 30_000);
  afterAll(async () => await store.close());

  /** Leaves out the numbers that stand between those that are given. */
  async function append(...numbers: number[]): Promise<void> {
    const { sequelize } = store.database;
    for (const seq of numbers) {
      await sequelize.query(
        `INSERT INTO user_changes (seq, change_id, user_id, version, kind, fields, changed_at, request_id)
         VALUES (?, ?, ?, 1, 'created', '[]', '2026-01-01 00:00:00.000', 'r')`,
        { replacements: [seq, `change-${seq}`, `user-${seq}`] },
      );
    }
  }
  const changes = (...numbers: number[]) => numbers.map((seq) => ({ seq, key: `user-${seq}` }));
  const after = async (seq: number, limit: number, gaps: readonly number[] = []) =>
    (await feed.after(seq, { limit, gaps })).map(({ seq: number, key }) => ({ seq: number, key }));

  it('that is empty has 0 as its latest number', async () => {
    expect(await feed.latest()).toBe(0);
    expect(await after(0, 10)).toEqual([]);
  });

  it('gives the first changes behind a number, and those of the gaps that are there now', async () => {
    await append(1, 2, 5, 6, 9);
    expect(await feed.latest()).toBe(9);
    expect(await after(0, 3)).toEqual(changes(1, 2, 5));
    expect(await after(6, 10, [3, 4])).toEqual(changes(9));
    await append(4);
    expect(await after(6, 10, [3, 4])).toEqual(changes(4, 9));
    expect(await after(9, 10, [3, 4, 7])).toEqual(changes(4));
  });

  it('says of each change which it is', async () => {
    expect(await feed.after(8, { limit: 10, gaps: [5] })).toEqual([
      { seq: 5, key: 'user-5', id: 'change-5' },
      { seq: 9, key: 'user-9', id: 'change-9' },
    ]);
  });

  it('knows whether a transaction has a number that is missing, until it has ended', async () => {
    expect(await feed.hasUndecided([3, 7, 8])).toBe(false);
    // A single writer makes its number visible before there is another.
    if (engine.name === 'SQLite') return;
    for (const [seq, end] of [
      [20, 'COMMIT'],
      [21, 'ROLLBACK'],
    ] as const) {
      const transaction = await store.database.begin(startDeadline(3_000));
      await transaction.statements.run(
        `INSERT INTO user_changes (seq, change_id, user_id, version, kind, fields, changed_at, request_id)
         VALUES (?, ?, 'user', 1, 'created', '[]', '2026-01-01 00:00:00.000', 'r')`,
        [seq, `change-${seq}`],
      );
      expect(await feed.hasUndecided([3, seq, 8])).toBe(true);
      expect(await feed.hasUndecided([3])).toBe(false);
      await (end === 'COMMIT' ? transaction.commit() : transaction.rollback());
      expect(await feed.hasUndecided([3, seq, 8])).toBe(false);
      expect((await after(9, 10)).map((change) => change.seq)).toEqual([20]);
    }
  });

  it('can be asked for more gaps than anybody has', async () => {
    const gaps = Array.from({ length: 4_096 }, (_, index) => index + 1);
    expect(
      await after(
        20,
        10,
        gaps.filter((seq) => seq < 20),
      ),
    ).toEqual(changes(1, 2, 4, 5, 6, 9));
    expect(await feed.hasUndecided(gaps)).toBe(false);
  });
});
