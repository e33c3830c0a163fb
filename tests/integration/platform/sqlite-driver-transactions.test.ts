import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ForeignKeyConstraintError, Transaction } from 'sequelize';
import { eventually } from '../../helpers/eventually.ts';
import {
  createSqliteFixture,
  increment,
  type OpenSqlite,
  reasonOf,
  type SqliteFixture,
} from '../../helpers/sqlite-fixture.ts';

let fixture: SqliteFixture;
let db: OpenSqlite;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  db = await fixture.open();
  await db.counters.create({ id: 'shared', value: 0 });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await fixture.remove();
});

/** Sequelize writes to the console when a transaction cannot be ended. */
function muteSequelize(): void {
  jest.spyOn(console, 'warn').mockImplementation(() => {});
}

async function value(id = 'shared'): Promise<number | undefined> {
  return (await db.counters.findByPk(id))?.value;
}

async function incrementInTransaction(): Promise<void> {
  await db.sequelize.transaction(async (transaction) => await increment(db.counters, 'shared', { transaction }));
}

describe('parallel transactions', () => {
  it('a hundred that read and then write lose no update', async () => {
    await Promise.all(Array.from({ length: 100 }, incrementInTransaction));

    expect(await value()).toBe(100);
  });

  it('get their turns in the order in which they asked', async () => {
    const order: number[] = [];
    const numbers = Array.from({ length: 20 }, (_, n) => n);

    await Promise.all(numbers.map(async (n) => await db.sequelize.transaction(async () => void order.push(n))));

    expect(order).toEqual(numbers);
  });

  it('share their turns with writes outside transactions', async () => {
    const writes = Array.from({ length: 50 }, async (_, n) =>
      n % 2 === 0
        ? await incrementInTransaction()
        : await db.sequelize.query("UPDATE counters SET value = value + 1 WHERE id = 'shared'"),
    );
    await Promise.all(writes);

    expect(await value()).toBe(50);
    expect(db.statements.filter((sql) => sql.startsWith('UPDATE'))).toHaveLength(50);
  });

  it('that only read may be more than the pool keeps handles for', async () => {
    const type = Transaction.TYPES.DEFERRED;
    const readers = await Promise.all(Array.from({ length: 8 }, async () => await db.sequelize.transaction({ type })));

    const counts = await Promise.all(readers.map(async (transaction) => await db.counters.count({ transaction })));
    await Promise.all(readers.map(async (transaction) => await transaction.commit()));

    expect(counts).toEqual(Array.from({ length: 8 }, () => 1));
  });
});

describe('readers', () => {
  it('proceed during a write transaction and see what is committed', async () => {
    const transaction = await db.sequelize.transaction();
    await increment(db.counters, 'shared', { transaction });

    const during = await value();
    await transaction.commit();

    expect({ during, after: await value() }).toEqual({ during: 0, after: 1 });
  });

  it('proceed while a write waits on the same connection', async () => {
    const transaction = await db.sequelize.transaction();
    const write = db.counters.update({ value: 7 }, { where: { id: 'shared' } });

    expect(await value()).toBe(0);
    await transaction.rollback();
    await write;
    expect(await value()).toBe(7);
  });
});

describe('a transaction that fails', () => {
  it('leaves nothing and hands on the turn', async () => {
    const failing = db.sequelize.transaction(async (transaction) => {
      await increment(db.counters, 'shared', { transaction });
      throw new Error('no');
    });
    const next = incrementInTransaction();

    await expect(failing).rejects.toThrow('no');
    await next;
    expect(await value()).toBe(1);
  });

  it('by being closed in the middle leaves nothing and hands on the turn', async () => {
    muteSequelize();
    const transaction = await db.sequelize.transaction();
    await increment(db.counters, 'shared', { transaction });
    const next = incrementInTransaction();

    db.sequelize.connectionManager.releaseConnection(Reflect.get(transaction, 'connection'));

    await next;
    expect(await value()).toBe(1);
    await expect(transaction.commit()).rejects.toThrow('SQLITE_MISUSE: the connection is closed');
  });

  it('at COMMIT leaves nothing and hands on the turn', async () => {
    muteSequelize();
    await db.sequelize.query(
      'CREATE TABLE notes (counter TEXT REFERENCES counters (id) DEFERRABLE INITIALLY DEFERRED)',
    );
    const failing = db.sequelize.transaction(async (transaction) => {
      await increment(db.counters, 'shared', { transaction });
      await db.sequelize.query("INSERT INTO notes VALUES ('nobody')", { transaction });
    });
    const next = incrementInTransaction();

    await expect(failing).rejects.toBeInstanceOf(ForeignKeyConstraintError);
    await next;
    expect(await value()).toBe(1);
  });

  it('half-way is over: what it is asked for afterwards is refused, not committed by itself', async () => {
    muteSequelize();
    const transaction = await db.sequelize.transaction();
    await increment(db.counters, 'shared', { transaction });
    const conflict = db.sequelize.query("INSERT OR ROLLBACK INTO counters VALUES ('shared', 9)", { transaction });
    const sibling = db.counters.create({ id: 'sibling', value: 1 }, { transaction });

    await reasonOf(conflict);
    const reasons = [
      await reasonOf(sibling),
      await reasonOf(db.counters.create({ id: 'later', value: 1 }, { transaction })),
      await reasonOf(transaction.commit()),
    ];

    for (const reason of reasons) {
      expect(reason).toMatchObject({ message: 'SQLITE_ABORT: a failure has rolled this transaction back' });
    }
    expect(await db.counters.findAll({ raw: true })).toEqual([{ id: 'shared', value: 0 }]);
  });

  it('because the file is full leaves nothing and hands on the turn', async () => {
    const failing = db.sequelize.transaction(async (transaction) => {
      await db.sequelize.query('PRAGMA max_page_count = 5', { transaction });
      await increment(db.counters, 'shared', { transaction });
      await db.counters.create({ id: 'x'.repeat(100_000), value: 1 }, { transaction });
    });
    const next = incrementInTransaction();

    expect(await reasonOf(failing)).toMatchObject({ parent: { code: 'SQLITE_FULL' } });
    await next;
    expect(await value()).toBe(1);
  });

  it('in a savepoint goes on without it', async () => {
    await db.sequelize.transaction(async (transaction) => {
      await increment(db.counters, 'shared', { transaction });
      const nested = db.sequelize.transaction({ transaction }, async (savepoint) => {
        await increment(db.counters, 'shared', { transaction: savepoint });
        throw new Error('only this');
      });
      await expect(nested).rejects.toThrow('only this');
    });

    expect(await value()).toBe(1);
  });
});

describe('closing', () => {
  it('lets go of the file', async () => {
    const type = Transaction.TYPES.DEFERRED;
    const open = await Promise.all(Array.from({ length: 8 }, async () => await db.sequelize.transaction({ type })));
    await Promise.all(open.map(async (transaction) => await db.counters.count({ transaction })));
    const before = await fixture.files();

    await fixture.closeAll();

    expect(before).toEqual(['test.sqlite', 'test.sqlite-shm', 'test.sqlite-wal']);
    expect(await fixture.files()).toEqual(['test.sqlite']);
  });

  it('ends what is open and what waits', async () => {
    muteSequelize();
    const holder = await db.sequelize.transaction();
    await increment(db.counters, 'shared', { transaction: holder });
    const waiting = Array.from({ length: 3 }, async () => await reasonOf(incrementInTransaction()));
    await eventually(() => expect(db.statements.filter((sql) => sql.startsWith('BEGIN'))).toHaveLength(4));

    db.driver.close();

    for (const reason of await Promise.all(waiting))
      expect(reason).toMatchObject({ parent: { code: 'SQLITE_MISUSE' } });
    db = await fixture.open();
    expect(await value()).toBe(0);
  });
});
