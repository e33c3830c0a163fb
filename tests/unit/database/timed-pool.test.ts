import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseOverloadedError, DatabaseUnavailableError } from '../../../src/platform/database/database-errors.ts';
import { createTimedPool, type TimedPool } from '../../../src/platform/database/timed-pool.ts';
import { startDeadline } from '../../../src/platform/resilience/deadline.ts';

interface FakeConnection {
  alive: boolean;
}

/** A pool of two connections that hands them out in the order in which it is asked. */
function createFakePool() {
  const free: FakeConnection[] = [{ alive: true }, { alive: true }];
  const waiting: ((connection: FakeConnection) => void)[] = [];
  return {
    free,
    acquire: () => {
      const connection = free.pop();
      return connection === undefined
        ? new Promise<FakeConnection>((resolve) => void waiting.push(resolve))
        : Promise.resolve(connection);
    },
    release: (connection: FakeConnection) => {
      if (!connection.alive) return;
      const next = waiting.shift();
      if (next === undefined) free.push(connection);
      else next(connection);
    },
    cut: (connection: FakeConnection) => {
      connection.alive = false;
    },
    retired: new Set<FakeConnection>(),
    retire(connection: FakeConnection) {
      connection.alive = false;
      this.retired.add(connection);
    },
    isAlive: ({ alive }: FakeConnection) => alive,
  };
}

describe('A pool that lends connections for a limited time', () => {
  let fake: ReturnType<typeof createFakePool>;
  let pool: TimedPool<FakeConnection>;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    fake = createFakePool();
    pool = createTimedPool(fake, { ageMsMax: 60_000 });
  });
  afterEach(() => {
    pool.drain();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('leaves a connection alone that is given back before its deadline', async () => {
    const connection = await pool.borrow(startDeadline(100));
    await jest.advanceTimersByTimeAsync(99);
    pool.giveBack(connection);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(connection.alive).toBe(true);
    expect(fake.free).toHaveLength(2);
  });

  it('lends a connection that has come back again, and gives it back behind when nobody needs it', async () => {
    const first = await pool.borrow(startDeadline(100));
    pool.giveBack(first);
    expect([pool.kept, fake.free.length]).toEqual([1, 1]);
    expect(await pool.borrow(startDeadline(100))).toBe(first);
    expect(pool.kept).toBe(0);
    pool.giveBack(first);
    await jest.advanceTimersByTimeAsync(100);
    expect([pool.kept, fake.free.length]).toEqual([0, 2]);
  });

  it('retires a connection of a certain age when it comes back, however busy it is', async () => {
    const connection = await pool.borrow(startDeadline(100));
    for (let seconds = 0; seconds < 44; seconds += 1) {
      pool.giveBack(connection);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await pool.borrow(startDeadline(100_000))).toBe(connection);
    }
    await jest.advanceTimersByTimeAsync(16_000);
    expect([...fake.retired]).toEqual([]);
    pool.giveBack(connection);
    expect([...fake.retired]).toEqual([connection]);
    const next = await pool.borrow(startDeadline(100));
    expect(next).not.toBe(connection);
    pool.giveBack(next);
  });

  it('does not lend one that has died since it came back', async () => {
    const first = await pool.borrow(startDeadline(100));
    pool.giveBack(first);
    first.alive = false;
    expect(pool.kept).toBe(0);
    const second = await pool.borrow(startDeadline(100));
    expect(second).not.toBe(first);
    pool.giveBack(second);
  });

  it('keeps none for itself while somebody waits', async () => {
    const lent = [await pool.borrow(startDeadline(100)), await pool.borrow(startDeadline(100))];
    const waiting = pool.borrow(startDeadline(100));
    for (const connection of lent) pool.giveBack(connection);
    expect(pool.kept).toBe(0);
    pool.giveBack(await waiting);
    expect(pool.kept).toBe(1);
  });

  it('has one once only that is given back twice', async () => {
    const connection = await pool.borrow(startDeadline(100));
    pool.giveBack(connection);
    pool.giveBack(connection);
    expect([pool.kept, fake.free.length]).toEqual([1, 1]);
  });

  it('keeps none after it was drained', async () => {
    const [first, second] = [await pool.borrow(startDeadline(100)), await pool.borrow(startDeadline(100))];
    pool.giveBack(first);
    pool.drain();
    pool.giveBack(second);
    expect([pool.kept, fake.free.length]).toEqual([0, 2]);
  });

  it('cuts at the earlier deadline of a later loan', async () => {
    pool.giveBack(await pool.borrow(startDeadline(1_000)));
    const again = await pool.borrow(startDeadline(100));
    await jest.advanceTimersByTimeAsync(100);
    expect(again.alive).toBe(false);
    pool.giveBack(again);
  });

  it('cuts a connection at the deadline, counted from the asking', async () => {
    const connection = await pool.borrow(startDeadline(100));
    await jest.advanceTimersByTimeAsync(99);
    expect(connection.alive).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    expect(connection.alive).toBe(false);
    pool.giveBack(connection);
  });

  it('starts a new time with each loan', async () => {
    const first = await pool.borrow(startDeadline(100));
    await jest.advanceTimersByTimeAsync(90);
    pool.giveBack(first);
    const again = await pool.borrow(startDeadline(100));
    await jest.advanceTimersByTimeAsync(99);
    expect(again.alive).toBe(true);
    pool.giveBack(again);
  });

  it('says that the database is away when none of its connections has come back by the deadline', async () => {
    const lent = [await pool.borrow(startDeadline(100)), await pool.borrow(startDeadline(100))];
    const refused = expect(pool.borrow(startDeadline(100))).rejects.toThrow(DatabaseUnavailableError);
    await jest.advanceTimersByTimeAsync(100);
    await refused;
    // They come back broken, which is no sign of life.
    for (const connection of lent) pool.giveBack(connection);
  });

  it('says that it has too much to do when connections have come back, to others', async () => {
    const lent = [await pool.borrow(startDeadline(1_000)), await pool.borrow(startDeadline(1_000))];
    const earlier = pool.borrow(startDeadline(1_000));
    const refused = expect(pool.borrow(startDeadline(100))).rejects.toThrow(DatabaseOverloadedError);
    await jest.advanceTimersByTimeAsync(50);
    for (const connection of lent.slice(0, 1)) pool.giveBack(connection);
    const third = await earlier;
    await jest.advanceTimersByTimeAsync(50);
    await refused;
    for (const connection of [...lent.slice(1), third]) pool.giveBack(connection);
  });

  it('tells how long somebody waited for a connection, to be given one or in vain', async () => {
    const waits: number[] = [];
    pool = createTimedPool(fake, { ageMsMax: 60_000, onAwaited: (waitMs) => waits.push(waitMs) });
    const lent = [await pool.borrow(startDeadline(1_000)), await pool.borrow(startDeadline(1_000))];
    const patient = pool.borrow(startDeadline(1_000));
    const refused = expect(pool.borrow(startDeadline(100))).rejects.toThrow();
    await jest.advanceTimersByTimeAsync(100);
    await refused;
    await jest.advanceTimersByTimeAsync(50);
    for (const connection of lent) pool.giveBack(connection);
    pool.giveBack(await patient);
    expect(waits).toEqual([0, 0, 100, 150]);
  });

  it('gives back a connection that comes too late, so that none is lost', async () => {
    const lent = [await pool.borrow(startDeadline(1_000)), await pool.borrow(startDeadline(1_000))];
    const refused = expect(pool.borrow(startDeadline(100))).rejects.toThrow();
    await jest.advanceTimersByTimeAsync(100);
    await refused;
    for (const connection of lent) pool.giveBack(connection);
    await jest.advanceTimersByTimeAsync(0);
    expect(fake.free).toHaveLength(2);
  });
});
