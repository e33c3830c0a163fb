import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataTypes, QueryTypes } from 'sequelize';
import { TransientTransactionError, UniqueViolationError } from '../../../src/platform/database/database-errors.ts';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { openDatabase } from '../../../src/platform/database/open-database.ts';
import { tableSql } from '../../../src/platform/database/table-sql.ts';
import { startDeadline } from '../../../src/platform/resilience/deadline.ts';
import { describeOnEachEngine, type TestDatabase } from '../../helpers/engines.ts';

const at = new Date('2030-01-02T03:04:05.678Z');

interface Thing {
  id: number;
  name: string;
  note: string | null;
  madeAt: Date;
}

describeOnEachEngine('Statements', (engine) => {
  let test: TestDatabase;
  let database: Database;
  let things: ReturnType<typeof openThings>;

  function openThings() {
    const model = database.sequelize.define(
      'things',
      {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        name: { type: DataTypes.STRING(40), allowNull: false, unique: 'things_name' },
        note: { type: DataTypes.TEXT, allowNull: true },
        madeAt: { type: DataTypes.DATE(3), allowNull: false },
      },
      // A server's own default may be Latin-1.
      { charset: 'utf8mb4' },
    );
    const { table, columns, insert } = tableSql<Thing, Omit<Thing, 'id'>>(model);
    return { model, insert, list: `SELECT ${columns} FROM ${table} ORDER BY made_at, id`, table };
  }

  beforeAll(async () => {
    test = await engine.create();
    database = openDatabase(parseDatabaseUrl(test.url), { poolMax: 5, queryTimeoutMs: 3_000 });
    things = openThings();
    await things.model.sync();
  });
  afterAll(async () => {
    await database?.close();
    await test?.drop();
  });
  beforeEach(async () => void (await things.model.destroy({ where: {} })));

  const pool = () => database.statements(startDeadline(3_000));
  const list = () => pool().all<Thing>(things.list, []);

  it('give back what was written as it was, times with their milliseconds as Dates', async () => {
    const odd = "😀 é \\ ' ? :a  ";
    const { insertId, affectedRows } = await pool().run(things.insert, ['one', odd, at]);
    await pool().run(things.insert, ['two', null, new Date(at.getTime() + 1)]);
    expect(affectedRows).toBe(1);
    expect(await list()).toEqual([
      { id: insertId, name: 'one', note: odd, madeAt: at },
      { id: insertId + 1, name: 'two', note: null, madeAt: new Date(at.getTime() + 1) },
    ]);
  });

  it('store what the models store, so that rows of both compare and are read alike', async () => {
    await pool().run(things.insert, ['by statement', null, at]);
    await things.model.create({ name: 'by model', note: null, madeAt: at });
    const stored = await database.sequelize.query<{ made_at: unknown }>(
      `SELECT CAST(made_at AS CHAR) AS made_at FROM ${things.table}`,
      { type: QueryTypes.SELECT },
    );
    expect(stored[0]).toEqual(stored[1]);
    expect(await things.model.count({ where: { madeAt: at } })).toBe(2);
    expect((await list()).map(({ madeAt }) => madeAt)).toEqual([at, at]);
  });

  it('say which index refused a row', async () => {
    await pool().run(things.insert, ['one', null, at]);
    const refused = pool().run(things.insert, ['one', null, at]);
    await expect(refused).rejects.toThrow(UniqueViolationError);
    await expect(refused).rejects.toMatchObject({ constraint: expect.stringMatching(/^things[._]name$/) });
  });

  it('count the rows that are different afterwards', async () => {
    for (const name of ['one', 'two']) await pool().run(things.insert, [name, null, at]);
    const set = `UPDATE ${things.table} SET note = ? WHERE made_at = ?`;
    expect(await pool().run(set, ['noted', at])).toMatchObject({ affectedRows: 2 });
    expect(await pool().run(set, ['never', new Date(0)])).toMatchObject({ affectedRows: 0 });
  });

  describe('of a transaction', () => {
    it('are seen by others when it commits, and never when it rolls back', async () => {
      for (const [name, end] of [
        ['kept', 'commit'],
        ['dropped', 'rollback'],
      ] as const) {
        const open = await database.begin(startDeadline(3_000));
        await open.statements.run(things.insert, [name, null, at]);
        expect(await open.statements.all(things.list, [])).toHaveLength(name === 'kept' ? 1 : 2);
        await open[end]();
      }
      expect((await list()).map(({ name }) => name)).toEqual(['kept']);
    });

    it.each(['commit', 'rollback'] as const)('are refused after its %s', async (end) => {
      const open = await database.begin(startDeadline(3_000));
      await open[end]();
      await expect(open.statements.run(things.insert, ['late', null, at])).rejects.toThrow('after the end');
      expect(await list()).toEqual([]);
    });

    it('are refused while another one runs', async () => {
      const open = await database.begin(startDeadline(3_000));
      const first = open.statements.run(things.insert, ['first', null, at]);
      await expect(open.statements.run(things.insert, ['second', null, at])).rejects.toThrow('at once');
      await first;
      await open.rollback();
      expect(await list()).toEqual([]);
    });

    // On SQLite nobody meets another writer.
    if (engine.name === 'SQLite') return;

    it('are refused after a deadlock, which has rolled it back, instead of being committed one by one', async () => {
      for (const name of ['a', 'b']) await pool().run(things.insert, [name, null, at]);
      const touch = `UPDATE ${things.table} SET note = ? WHERE name = ?`;
      const [one, two] = [await database.begin(startDeadline(3_000)), await database.begin(startDeadline(3_000))];
      await one.statements.run(touch, ['one', 'a']);
      await two.statements.run(touch, ['two', 'b']);
      const crossed = await Promise.allSettled([
        one.statements.run(touch, ['one', 'b']),
        two.statements.run(touch, ['two', 'a']),
      ]);
      const lost = crossed.findIndex(({ status }) => status === 'rejected');
      expect(crossed[lost]).toMatchObject({ reason: expect.any(TransientTransactionError) });
      const [victim, winner] = lost === 0 ? [one, two] : [two, one];
      await expect(victim.statements.run(things.insert, ['survivor', null, at])).rejects.toThrow('after the end');
      await victim.rollback();
      await winner.rollback();
      expect((await list()).map(({ name, note }) => [name, note])).toEqual([
        ['a', null],
        ['b', null],
      ]);
    });
  });
});
