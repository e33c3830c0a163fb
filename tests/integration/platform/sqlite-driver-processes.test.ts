import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TimeoutError } from 'sequelize';
import {
  connect,
  createSqliteFixture,
  increment,
  type OpenSqlite,
  reasonOf,
  type SqliteFixture,
} from '../../helpers/sqlite-fixture.ts';
import { type SqliteProcess, startSqliteProcess } from '../../helpers/sqlite-process.ts';

let fixture: SqliteFixture;
let other: SqliteProcess;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  other = startSqliteProcess(fixture.storage);
});

afterEach(async () => {
  await other.kill();
  await fixture.remove();
});

async function openWithCounter(options?: { busyTimeoutMs?: number }): Promise<OpenSqlite> {
  const db = await fixture.open(options);
  await db.counters.create({ id: 'shared', value: 0 });
  return db;
}

async function incrementInTransaction({ sequelize, counters }: OpenSqlite): Promise<void> {
  await sequelize.transaction(async (transaction) => await increment(counters, 'shared', { transaction }));
}

async function value({ counters }: OpenSqlite): Promise<number | undefined> {
  return (await counters.findByPk('shared'))?.value;
}

describe('beside another process that holds the write lock', () => {
  it('transactions wait and succeed, and the event loop goes on', async () => {
    const db = await openWithCounter();
    await other.tell('lock');
    let finished = 0;
    const waiting = Array.from({ length: 10 }, async () => {
      await incrementInTransaction(db);
      finished++;
    });

    // Each takes some turns of this process's event loop; the lock is released over it, too.
    for (let n = 0; n < 50; n++) await other.tell('echo');
    const finishedBefore = finished;
    await other.tell('unlock');
    await Promise.all(waiting);

    expect({ finishedBefore, value: await value(db) }).toEqual({ finishedBefore: 0, value: 10 });
  });

  it('reads go on', async () => {
    const db = await openWithCounter();
    await other.tell('lock');

    expect(await value(db)).toBe(0);
  });

  it('for too long, they fail with SQLITE_BUSY, and the next one works', async () => {
    const db = await openWithCounter({ busyTimeoutMs: 100 });
    await other.tell('lock');
    db.statements.length = 0;

    const reasons = await Promise.all([
      reasonOf(incrementInTransaction(db)),
      reasonOf(incrementInTransaction(db)),
      reasonOf(db.counters.create({ id: 'late', value: 1 })),
    ]);
    const asked = db.statements.filter((sql) => /^(?:BEGIN|INSERT)/.test(sql));
    await other.tell('unlock');
    await incrementInTransaction(db);

    // Sequelize would try five times each, had it recognised SQLite's own words.
    expect(asked).toHaveLength(3);
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(TimeoutError);
      expect(reason).toMatchObject({ parent: { code: 'SQLITE_BUSY' } });
    }
    expect(await value(db)).toBe(1);
  });

  it('a new file is switched to WAL when the lock is free', async () => {
    await other.tell('lock');
    const opening = openWithCounter();
    for (let n = 0; n < 10; n++) await other.tell('echo');
    await other.tell('unlock');
    const db = await opening;

    expect(await value(db)).toBe(0);
    expect(await fixture.files()).toContain('test.sqlite-wal');
  });
});

it('several processes that start together on a new file lose no update', async () => {
  const third = startSqliteProcess(fixture.storage);
  try {
    const db = await openWithCounter();
    const own = Array.from({ length: 50 }, async () => await incrementInTransaction(db));
    await Promise.all([other.tell('increment50'), third.tell('increment50'), ...own]);

    expect(await value(db)).toBe(150);
  } finally {
    await third.kill();
  }
});

describe('kill -9', () => {
  it('right after a commit was acknowledged loses nothing', async () => {
    const db = await openWithCounter();
    await other.tell('commitRow');
    await other.kill();

    expect(await db.counters.findByPk('committed', { raw: true })).toEqual({ id: 'committed', value: 1 });
  });

  it('in the middle of a transaction leaves nothing of it, and the lock is free', async () => {
    const db = await openWithCounter();
    await other.tell('insertWithoutCommit');
    const waiting = incrementInTransaction(db);
    await other.kill();
    await waiting;

    expect(await db.counters.findAll({ raw: true })).toEqual([{ id: 'shared', value: 1 }]);
  });
});

it('a process that closed its database ends by itself and leaves one file', async () => {
  await connectAndClose();
  await other.tell('commitRow');

  expect(await other.closeAndExit()).toBe(0);
  expect(await fixture.files()).toEqual(['test.sqlite']);
});

/** Makes the table. */
async function connectAndClose(): Promise<void> {
  const { counters, sequelize, driver } = connect(fixture.storage);
  await counters.sync();
  await sequelize.close();
  driver.close();
}
