import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DatabaseError,
  DataTypes,
  ForeignKeyConstraintError,
  type Model,
  type ModelStatic,
  UniqueConstraintError,
} from 'sequelize';
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

describe('constraints', () => {
  let parents: ModelStatic<Model>;
  let children: ModelStatic<Model>;

  beforeEach(async () => {
    const id = { type: DataTypes.STRING, primaryKey: true };
    parents = db.sequelize.define(
      'parents',
      { id, email: { type: DataTypes.STRING, unique: true } },
      { timestamps: false },
    );
    children = db.sequelize.define(
      'children',
      { id, parent: { type: DataTypes.STRING, references: { model: 'parents', key: 'id' }, onDelete: 'RESTRICT' } },
      { timestamps: false },
    );
    await parents.sync();
    await children.sync();
    await db.sequelize.query('CREATE TABLE strict_rows (n INTEGER NOT NULL CHECK (n > 0)) STRICT');
    await parents.create({ id: 'p', email: 'a@example.org' });
    await children.create({ id: 'c', parent: 'p' });
  });

  it.each([
    [
      'a unique column',
      () => parents.create({ id: 'q', email: 'a@example.org' }),
      UniqueConstraintError,
      'UNIQUE constraint failed: parents.email',
    ],
    ['a primary key', () => parents.create({ id: 'p' }), UniqueConstraintError, 'UNIQUE constraint failed: parents.id'],
    [
      'a foreign key',
      () => children.create({ id: 'd', parent: 'nobody' }),
      ForeignKeyConstraintError,
      'FOREIGN KEY constraint failed',
    ],
    [
      'a restricted delete',
      () => parents.destroy({ where: { id: 'p' } }),
      ForeignKeyConstraintError,
      'FOREIGN KEY constraint failed',
    ],
  ])('%s broken is an error of that kind', async (_name, breakIt, kind, reason) => {
    const error = await reasonOf(breakIt());

    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ parent: { code: 'SQLITE_CONSTRAINT', message: `SQLITE_CONSTRAINT: ${reason}` } });
  });

  it.each([
    ['NOT NULL', 'NULL', 'SQLITE_CONSTRAINT_NOTNULL'],
    ['CHECK', '0', 'SQLITE_CONSTRAINT_CHECK'],
    ['a STRICT type', "'many'", 'SQLITE_CONSTRAINT_DATATYPE'],
  ])('%s broken is not taken for a duplicate', async (_name, value, expected) => {
    const error = await reasonOf(db.sequelize.query(`INSERT INTO strict_rows VALUES (${value})`));

    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).not.toBeInstanceOf(UniqueConstraintError);
    expect(error).toMatchObject({ parent: { code: expected } });
  });
});

describe('a file that cannot serve', () => {
  const open = async (filename: string): Promise<unknown> =>
    await new Promise(
      (resolve) => void new db.driver.Database(filename, db.driver.OPEN_READWRITE | db.driver.OPEN_CREATE, resolve),
    );

  it('in a missing folder is SQLITE_CANTOPEN', async () => {
    expect(await open(join(fixture.folder, 'missing', 'x.sqlite'))).toMatchObject({ code: 'SQLITE_CANTOPEN' });
  });

  it('that is a folder is SQLITE_CANTOPEN', async () => {
    expect(await open(fixture.folder)).toMatchObject({ code: 'SQLITE_CANTOPEN' });
  });

  it('that is full is SQLITE_FULL, and takes writes again when there is room', async () => {
    await db.sequelize.query('PRAGMA max_page_count = 5');
    const reason = await reasonOf(db.counters.create({ id: 'x'.repeat(100_000), value: 1 }));
    await db.sequelize.query('PRAGMA max_page_count = 100000');
    await db.counters.create({ id: 'x'.repeat(100_000), value: 1 });

    expect(reason).toMatchObject({ parent: { code: 'SQLITE_FULL' } });
    expect(await db.counters.count()).toBe(1);
  });

  it('that may not be written is SQLITE_READONLY', async () => {
    await db.sequelize.query('PRAGMA query_only = ON');

    expect(await reasonOf(db.counters.create({ id: 'a', value: 1 }))).toMatchObject({
      parent: { code: 'SQLITE_READONLY' },
    });
  });

  it('that is no database is SQLITE_NOTADB, and is tried again by the next statement', async () => {
    const storage = join(fixture.folder, 'garbage.sqlite');
    await writeFile(storage, 'x'.repeat(8_192));
    const { sequelize, driver } = connect(storage);

    const first = await reasonOf(sequelize.query('SELECT 1'));
    const second = await reasonOf(sequelize.query('SELECT 1'));
    await rm(storage);
    await sequelize.query('SELECT 1');

    for (const reason of [first, second]) expect(reason).toMatchObject({ parent: { code: 'SQLITE_NOTADB' } });
    await sequelize.close();
    driver.close();
  });

  it('in memory is refused', async () => {
    const { sequelize } = connect(':memory:');

    await expect(sequelize.query('SELECT 1')).rejects.toThrow('an in-memory database is not supported; name a file');
  });

  it('without a table that is asked for is SQLITE_ERROR', async () => {
    expect(await reasonOf(db.sequelize.query('SELECT * FROM nowhere'))).toMatchObject({
      parent: { code: 'SQLITE_ERROR', message: 'SQLITE_ERROR: no such table: nowhere' },
    });
  });
});
