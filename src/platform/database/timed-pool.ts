import { type Deadline, TimeoutError, withTimeout } from '../resilience/deadline.ts';
import { DatabaseOverloadedError, DatabaseUnavailableError } from './database-errors.ts';

/** Where connections are borrowed from and given back to. */
export interface ConnectionPool<Connection> {
  acquire(options: object | undefined): Promise<Connection>;
  release(connection: Connection): void;
  /** Breaks a connection, whatever it is doing: what waits for an answer on it fails at once. */
  cut(connection: Connection): void;
  isAlive(connection: Connection): boolean;
}

/** A pool each of whose connections is lent for a limited time. */
export interface TimedPool<Connection> {
  /**
   * Waits for a connection until the deadline, and cuts it when it has not been given back by then. So neither a
   * query nor a COMMIT that gets no answer holds its caller, or a place in the pool, for longer.
   *
   * @throws DatabaseOverloadedError when others kept the connections busy until the deadline
   * @throws DatabaseUnavailableError when the database has given no sign of life until then
   */
  borrow(deadline: Deadline, options?: object): Promise<Connection>;
  giveBack(connection: Connection): void;
  /** When a connection last came back alive, by `performance.now()`; −∞ when none has. */
  readonly lastGivenBackAt: number;
  /** Cuts a connection that its borrower does not trust any more, at once. */
  cut(connection: Connection): void;
}

/** @param onAwaited is told how long somebody has waited for a connection, to be given one or in vain */
export function createTimedPool<Connection extends object>(
  pool: ConnectionPool<Connection>,
  onAwaited: (waitMs: number) => void = () => {},
): TimedPool<Connection> {
  const timers = new WeakMap<Connection, NodeJS.Timeout>();
  let lastGivenBackAt = Number.NEGATIVE_INFINITY;

  async function acquire(deadline: Deadline, options: object | undefined): Promise<Connection> {
    const askedAt = performance.now();
    const acquiring = pool.acquire(options);
    try {
      return await withTimeout(deadline.remainingMs(), () => acquiring);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      // It may still come, to nobody.
      acquiring.then(
        (late) => pool.release(late),
        () => {},
      );
      // Connections that came back were answered, so the database is there and has too much to do.
      throw lastGivenBackAt > askedAt ? new DatabaseOverloadedError(error) : new DatabaseUnavailableError(error);
    } finally {
      onAwaited(performance.now() - askedAt);
    }
  }

  function disarm(connection: Connection): void {
    clearTimeout(timers.get(connection));
    timers.delete(connection);
  }

  return {
    borrow: async (deadline, options) => {
      const connection = await acquire(deadline, options);
      timers.set(
        connection,
        setTimeout(() => pool.cut(connection), deadline.remainingMs()),
      );
      return connection;
    },
    get lastGivenBackAt() {
      return lastGivenBackAt;
    },
    giveBack: (connection) => {
      disarm(connection);
      if (pool.isAlive(connection)) lastGivenBackAt = performance.now();
      pool.release(connection);
    },
    cut: (connection) => {
      disarm(connection);
      pool.cut(connection);
    },
  };
}
