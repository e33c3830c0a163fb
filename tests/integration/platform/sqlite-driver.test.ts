import { relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseError, DataTypes, QueryTypes } from 'sequelize';
import {
  connect,
  createSqliteFixture,
  type OpenSqlite,
  reasonOf,
  type SqliteFixture,
} from '../../helpers/sqlite-fixture.ts';

let fixture: SqliteFixture;
let db: OpenSqlite;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  db = await fixture.open();
});

afterEach(async () => {
  await fixture.remove();
});

async function selectOne(
  sql: string,
  bind: Record<string, unknown> = {},
): Promise<Record<string, unknown> | undefined> {
  const [row] = await db.sequelize.query<Record<string, unknown>>(sql, { bind, type: QueryTypes.SELECT });
  return row;
}

describe('values', () => {
  it.each([
    ['STRING', DataTypes.STRING, "Jos\u00e9 O'Hara \u{1f600} $1 ?"],
    ['an empty STRING', DataTypes.STRING, ''],
    ['TEXT that looks like a number', DataTypes.TEXT, '007'],
    ['INTEGER', DataTypes.INTEGER, -42],
    ['the largest safe INTEGER', DataTypes.BIGINT, Number.MAX_SAFE_INTEGER],
    ['a BIGINT beyond it', DataTypes.BIGINT, '9223372036854775807'],
    ['DOUBLE', DataTypes.DOUBLE, 0.1],
    ['DECIMAL', DataTypes.DECIMAL(10, 2), 12.5],
    ['BOOLEAN true', DataTypes.BOOLEAN, true],
    ['BOOLEAN false', DataTypes.BOOLEAN, false],
    ['DATE', DataTypes.DATE(3), new Date('2024-02-29T23:59:59.987Z')],
    ['DATEONLY', DataTypes.DATEONLY, '2024-02-29'],
    ['UUID', DataTypes.UUID, '018f4d5e-7b3a-7c00-8000-000000000000'],
    ['JSON', DataTypes.JSON, { deep: [1, null, { 'a"b': '\u2028' }] }],
    ['BLOB', DataTypes.BLOB, Buffer.from([0, 255, 39, 0])],
    ['an empty BLOB', DataTypes.BLOB, Buffer.alloc(0)],
    ['null', DataTypes.STRING, null],
  ])('%s comes back as it was stored', async (_name, type, value) => {
    const samples = db.sequelize.define('samples', { value: type }, { timestamps: false });
    await samples.sync();

    await samples.create({ value });

    expect((await samples.findOne({ rejectOnEmpty: true })).get('value')).toEqual(value);
  });

  it('a bound integer stays an integer in a column of any type', async () => {
    expect(await selectOne('SELECT typeof($n) AS type, CAST($n AS TEXT) AS text', { n: 5 })).toEqual({
      type: 'integer',
      text: '5',
    });
  });

  it('booleans, big integers and missing values are bound as SQLite knows them', async () => {
    const row = await selectOne('SELECT $yes AS yes, $no AS no, typeof($big) AS big, $missing AS missing', {
      yes: true,
      no: false,
      big: 2n ** 62n,
      missing: null,
    });

    expect(row).toEqual({ yes: 1, no: 0, big: 'text', missing: null });
  });

  it('a bound Date compares with the dates that models have stored', async () => {
    const moments = db.sequelize.define('moments', { at: DataTypes.DATE(3) }, { timestamps: false });
    await moments.sync();
    const at = new Date('2024-02-29T12:00:00.005Z');
    await moments.create({ at });

    expect(await selectOne('SELECT COUNT(*) AS n FROM moments WHERE at = $at', { at })).toEqual({ n: 1 });
  });

  it('a value of no SQL type is refused, and not named', async () => {
    const reason = await reasonOf(selectOne('SELECT $value', { value: { secret: 'canary' } }));

    expect(reason).toBeInstanceOf(DatabaseError);
    expect(reason).toMatchObject({ message: 'A value of type object cannot be bound to an SQL parameter.' });
  });

  it('a statement used again does not see the parameters of its last use', async () => {
    const { Database, OPEN_READWRITE, OPEN_CREATE } = db.driver;
    const database = new Database(fixture.storage, OPEN_READWRITE | OPEN_CREATE, () => {});
    const insert = async (values: unknown[]) =>
      await new Promise((resolve) => database.run('INSERT INTO counters VALUES (?, coalesce(?, -1))', values, resolve));

    await insert(['with both', 7]);
    await insert(['with one']);

    expect((await db.counters.findByPk('with one'))?.value).toBe(-1);
  });

  it('a statement prepared before the schema changed sees the new column', async () => {
    await db.counters.create({ id: 'a', value: 1 });
    const before = await selectOne('SELECT * FROM counters');
    await db.sequelize.query('ALTER TABLE counters ADD COLUMN note TEXT');

    expect(before).toEqual({ id: 'a', value: 1 });
    expect(await selectOne('SELECT * FROM counters')).toEqual({ id: 'a', value: 1, note: null });
  });

  it('statements stay right when more of them are in use than are kept prepared', async () => {
    const sums = async () => {
      const rows = [];
      for (let n = 0; n < 120; n++) rows.push(await selectOne(`SELECT ${n} + $one AS sum`, { one: 1 }));
      return rows.map((row) => row?.['sum']);
    };
    const expected = Array.from({ length: 120 }, (_, n) => n + 1);

    expect([await sums(), await sums()]).toEqual([expected, expected]);
  });
});

describe('counts and keys', () => {
  it('tells how many rows a statement changed, and the keys it made', async () => {
    const notes = db.sequelize.define('notes', { text: DataTypes.STRING }, { timestamps: false });
    await notes.sync();

    const first = await notes.create({ text: 'a' });
    await notes.bulkCreate([{ text: 'b' }, { text: 'c' }]);
    const [updated] = await notes.update({ text: 'd' }, { where: { text: ['b', 'c'] } });
    const [missed] = await notes.update({ text: 'd' }, { where: { text: 'nobody' } });
    const deleted = await notes.destroy({ where: {} });

    expect({ id: first.get('id'), updated, missed, deleted }).toEqual({ id: 1, updated: 2, missed: 0, deleted: 3 });
  });
});

describe('connections', () => {
  it('are durable, enforce foreign keys and leave waiting to the driver', async () => {
    const settings = await Promise.all(
      ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map((name) => selectOne(`PRAGMA ${name}`)),
    );

    expect(settings).toEqual([{ journal_mode: 'wal' }, { synchronous: 2 }, { foreign_keys: 1 }, { timeout: 0 }]);
  });

  it('reach the same file by a relative path', async () => {
    const other = connect(relative(process.cwd(), fixture.storage));
    await db.counters.create({ id: 'a', value: 1 });

    expect(await other.counters.count()).toBe(1);
    await other.sequelize.close();
    other.driver.close();
  });

  it('keep their changed settings to themselves', async () => {
    await db.sequelize.query('PRAGMA foreign_keys = OFF');
    const setting = await selectOne('PRAGMA foreign_keys');
    const elsewhere = await db.sequelize.transaction(
      async (transaction) => await db.sequelize.query('PRAGMA foreign_keys', { transaction, type: QueryTypes.SELECT }),
    );

    expect(setting).toEqual({ foreign_keys: 0 });
    expect(elsewhere).toEqual([{ foreign_keys: 1 }]);
  });
});
