import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseError, TimeoutError, Transaction } from 'sequelize';
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
  await fixture.remove();
});

async function value(id = 'shared'): Promise<number | undefined> {
  return (await db.counters.findByPk(id))?.value;
}

describe('a turn that does not come in time', () => {
  const busyTimeoutMs = 100;

  it('is SQLITE_BUSY, without Sequelize trying again, and the next transaction works', async () => {
    const impatient = await fixture.open({ busyTimeoutMs });
    const holder = await impatient.sequelize.transaction();
    impatient.statements.length = 0;

    const reason = await reasonOf(impatient.sequelize.transaction());
    const asked = impatient.statements.filter((sql) => sql.startsWith('BEGIN'));
    await holder.rollback();
    await impatient.sequelize.transaction(
      async (transaction) => await increment(impatient.counters, 'shared', { transaction }),
    );

    expect(reason).toBeInstanceOf(TimeoutError);
    expect(reason).toMatchObject({
      message: 'SQLITE_BUSY: the turn to write did not come in time',
      parent: { code: 'SQLITE_BUSY' },
    });
    expect(asked).toEqual(['BEGIN IMMEDIATE TRANSACTION;']);
    expect(await value()).toBe(1);
  });

  it('leaves no connection behind', async () => {
    const impatient = await fixture.open({ busyTimeoutMs });
    const connections = () => Object.keys(Reflect.get(impatient.sequelize.connectionManager, 'connections'));
    const holder = await impatient.sequelize.transaction();
    const whileHeld = connections();

    await reasonOf(impatient.sequelize.transaction());

    expect(connections()).toEqual(whileHeld);
    await holder.rollback();
  });

  it('is SQLITE_BUSY for a write outside a transaction, too', async () => {
    const impatient = await fixture.open({ busyTimeoutMs });
    const holder = await impatient.sequelize.transaction();

    const reason = await reasonOf(impatient.counters.create({ id: 'late', value: 1 }));

    expect(reason).toMatchObject({ parent: { code: 'SQLITE_BUSY' } });
    await holder.rollback();
    expect(await value('late')).toBeUndefined();
  });
});

describe('a deferred transaction', () => {
  it('that writes after others have is SQLITE_BUSY at once, and can be rolled back', async () => {
    const reader = await fixture.open();
    const transaction = await reader.sequelize.transaction({ type: Transaction.TYPES.DEFERRED });
    await reader.counters.count({ transaction });
    await db.counters.update({ value: 1 }, { where: { id: 'shared' } });
    reader.statements.length = 0;

    const reason = await reasonOf(reader.counters.update({ value: 9 }, { where: { id: 'shared' }, transaction }));
    await transaction.rollback();

    expect(reason).toBeInstanceOf(DatabaseError);
    expect(reason).toMatchObject({ parent: { code: 'SQLITE_BUSY', errno: 517 } });
    expect(reader.statements.filter((sql) => sql.startsWith('UPDATE'))).toHaveLength(1);
    expect(await value()).toBe(1);
  });

  it('that is rolled back while its write waits takes the write along', async () => {
    const holder = await (await fixture.open()).sequelize.transaction();
    const transaction = await db.sequelize.transaction({ type: Transaction.TYPES.DEFERRED });
    const write = db.counters.update({ value: 9 }, { where: { id: 'shared' }, transaction });
    await eventually(() => expect(db.statements.at(-1)).toMatch(/^UPDATE/));

    const rollback = transaction.rollback();
    await holder.rollback();
    await Promise.all([write, rollback]);

    expect(await value()).toBe(0);
  });
});
