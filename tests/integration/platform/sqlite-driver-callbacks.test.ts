import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SqliteDatabase } from '../../../src/platform/database/sqlite-database.ts';
import { createSqliteFixture, type OpenSqlite, type SqliteFixture } from '../../helpers/sqlite-fixture.ts';

let fixture: SqliteFixture;
let db: OpenSqlite;
let database: SqliteDatabase;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  db = await fixture.open();
  database = await openDatabase();
});

afterEach(async () => {
  await fixture.remove();
});

async function openDatabase(): Promise<SqliteDatabase> {
  const { Database, OPEN_READWRITE, OPEN_CREATE } = db.driver;
  return await new Promise((resolve, reject) => {
    const opened: SqliteDatabase = new Database(fixture.storage, OPEN_READWRITE | OPEN_CREATE, (error) => {
      if (error === null) resolve(opened);
      else reject(new Error('It did not open.', { cause: error }));
    });
  });
}

interface Call {
  readonly self: object;
  readonly error: unknown;
  readonly result: unknown;
}

type Callback = (this: object, error: unknown, result?: unknown) => void;

/** Makes a call and collects every time that its callback is called. */
function record(call: (callback: Callback) => void): {
  calls: Call[];
  first: Promise<Call>;
} {
  const calls: Call[] = [];
  const first = new Promise<Call>((resolve) => {
    call(function callback(this: object, error, result) {
      const made = { self: this, error, result };
      calls.push(made);
      resolve(made);
    });
  });
  return { calls, first };
}

describe('callbacks', () => {
  it.each([
    ['run', (callback: Callback) => database.run('SELECT 1', callback)],
    ['run that fails', (callback: Callback) => database.run('SELEC', callback)],
    ['all', (callback: Callback) => database.all('SELECT 1', callback)],
    ['get', (callback: Callback) => database.get('SELECT 1', callback)],
    ['exec', (callback: Callback) => database.exec('SELECT 1', callback)],
    ['exec that fails', (callback: Callback) => database.exec('SELECT 1; SELEC', callback)],
    ['close', (callback: Callback) => database.close(callback)],
  ])('of %s are called once, after the call has returned', async (_name, call) => {
    const { calls, first } = record(call);
    const callsAtReturn = calls.length;
    await first;
    await nextTurn();

    expect({ callsAtReturn, calls: calls.length }).toEqual({ callsAtReturn: 0, calls: 1 });
  });

  it('of run have a Statement that knows key and count', async () => {
    await record((callback) => database.run('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)', callback)).first;
    const insert = record((callback) =>
      database.run('INSERT INTO notes (text) VALUES ($a), ($b)', { $a: 'a', $b: 'b' }, callback),
    );

    const { self, error } = await insert.first;

    expect(error).toBeNull();
    expect(self.constructor.name).toBe('Statement');
    expect({ ...self }).toEqual({ lastID: 2, changes: 2 });
  });

  it('of all have a Statement that knows neither, since Sequelize would take the query for an INSERT', async () => {
    const { self, result } = await record((callback) => database.all('SELECT 1 AS one', [], callback)).first;

    expect(self.constructor.name).toBe('Statement');
    expect({ ...self }).toEqual({});
    expect(result).toEqual([{ one: 1 }]);
  });

  it('of get have the first row, or nothing', async () => {
    const some = await record((callback) => database.get('SELECT 1 AS one UNION SELECT 2', callback)).first;
    const none = await record((callback) => database.get('SELECT 1 WHERE 0', callback)).first;

    expect([some.result, none.result]).toEqual([{ one: 1 }, undefined]);
  });

  it('get an error when the connection is closed', async () => {
    database.close();

    const { error } = await record((callback) => database.all('SELECT 1', callback)).first;

    expect(error).toMatchObject({ code: 'SQLITE_MISUSE', message: 'SQLITE_MISUSE: the connection is closed' });
  });

  it('leave the event loop free between statements', async () => {
    const loop = { isCounting: true, turns: 0 };
    const countTurns = async (): Promise<void> => {
      for (; loop.isCounting; loop.turns++) await nextTurn();
    };
    const counting = countTurns();
    for (let n = 0; n < 50; n++) await record((callback) => database.all('SELECT 1', callback)).first;
    loop.isCounting = false;
    await counting;

    expect(loop.turns).toBeGreaterThanOrEqual(50);
  });
});

describe('exec', () => {
  it('does a script, and what comes before a failure stays done', async () => {
    const script =
      "INSERT INTO counters VALUES ('a', 1); INSERT INTO counters VALUES ('b', 2); INSERT INTO counters VALUES ('a', 3);";

    const { error } = await record((callback) => database.exec(script, callback)).first;

    expect(error).toMatchObject({ code: 'SQLITE_CONSTRAINT' });
    expect(await db.counters.count()).toBe(2);
  });

  it('that meets a lock half-way is not repeated', async () => {
    const holder = await (await fixture.open()).sequelize.transaction();
    const script = 'CREATE TEMP TABLE scratch (n INTEGER); INSERT INTO scratch VALUES (7); DELETE FROM counters';

    const { error } = await record((callback) => database.exec(script, callback)).first;
    const { result } = await record((callback) => database.all('SELECT n FROM scratch', callback)).first;

    expect(error).toMatchObject({ code: 'SQLITE_BUSY' });
    expect(result).toEqual([{ n: 7 }]);
    await holder.rollback();
  });

  it('keeps temporary tables to its connection', async () => {
    await record((callback) =>
      database.exec('CREATE TEMP TABLE scratch (n INTEGER); INSERT INTO scratch VALUES (7)', callback),
    ).first;
    const own = await record((callback) => database.all('SELECT n FROM scratch', callback)).first;
    database.close();
    const others = await record((callback) => database.all('SELECT n FROM scratch', callback)).first;
    database = await openDatabase();
    const next = await record((callback) => database.all('SELECT n FROM scratch', callback)).first;

    expect(own.result).toEqual([{ n: 7 }]);
    expect(others.error).toMatchObject({ code: 'SQLITE_MISUSE' });
    expect(next.error).toMatchObject({ message: 'SQLITE_ERROR: no such table: scratch' });
  });
});

describe('opening', () => {
  it('in another mode than Sequelize asks for is refused', () => {
    expect(() => new db.driver.Database(fixture.storage, db.driver.OPEN_READWRITE, () => {})).toThrow(
      'a file is opened to read, write and create it only',
    );
  });

  it('after the driver has been closed is refused', () => {
    const { Database, OPEN_READWRITE, OPEN_CREATE } = db.driver;
    db.driver.close();

    expect(() => new Database(fixture.storage, OPEN_READWRITE | OPEN_CREATE, () => {})).toThrow(
      'the driver has been closed',
    );
  });
});
