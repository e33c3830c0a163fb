import { type Deadline, TimeoutError, withTimeout } from '../resilience/deadline.ts';
import { DatabaseOverloadedError, DatabaseUnavailableError } from './database-errors.ts';

/** Where connections are borrowed from and given back to. */
export interface ConnectionPool<Connection> {
  acquire(options: object | undefined): Promise<Connection>;
  release(connection: Connection): void;
  /** Breaks a connection, whatever it is doing: what waits for an answer on it fails at once. */
  cut(connection: Connection): void;
  /** Closes a connection that does nothing, in good order. It is not alive from then on. */
  retire(connection: Connection): void;
  isAlive(connection: Connection): boolean;
}

interface LendingOptions {
  /** A connection that is older when it comes back is retired; some are up to a quarter earlier, so that not all are at once. */
  readonly ageMsMax: number;
  /** Is told how long somebody has waited for a connection, to be given one or in vain. */
  readonly onAwaited?: (waitMs: number) => void;
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
  /** Live connections that nobody has, and that are kept for the next one. The pool behind counts no dead ones either. */
  readonly kept: number;
  /** Cuts a connection that its borrower does not trust any more, at once. */
  cut(connection: Connection): void;
  /** Keeps none any more: those that nobody has, and those that come back, go to the pool behind. */
  drain(): void;
}

/** What is known of a connection that is lent or kept. */
interface Loan {
  /** When it is to be cut, by `performance.now()`. */
  endsAt: number;
  isLent: boolean;
  timer: NodeJS.Timeout | undefined;
  timerEndsAt: number;
}

export function createTimedPool<Connection extends object>(
  pool: ConnectionPool<Connection>,
  options: LendingOptions,
): TimedPool<Connection> {
  return new LendingPool(pool, options);
}

/**
 * A connection that comes back is kept for the next borrower, while there is one within its last deadline: the pool
 * behind takes longer over lending it than the database does over a short query. The timer that would cut a connection is
 * left to run when it comes back in time. It then finds a later deadline, or a connection that nobody has needed, which
 * goes back to the pool behind.
 */
class LendingPool<Connection extends object> implements TimedPool<Connection> {
  readonly #pool: ConnectionPool<Connection>;
  readonly #ageMsMax: number;
  readonly #onAwaited: (waitMs: number) => void;
  readonly #loans = new Map<Connection, Loan>();
  /** From when on a connection is too old, by `performance.now()`. */
  readonly #retireAt = new WeakMap<Connection, number>();
  /** The last one to come back is the first to be lent. */
  #kept: Connection[] = [];
  /** Who waits for the pool behind, which alone can serve them. */
  #waiting = 0;
  #isDraining = false;
  #lastGivenBackAt = Number.NEGATIVE_INFINITY;

  constructor(pool: ConnectionPool<Connection>, { ageMsMax, onAwaited = () => {} }: LendingOptions) {
    this.#pool = pool;
    this.#ageMsMax = ageMsMax;
    this.#onAwaited = onAwaited;
  }

  get lastGivenBackAt(): number {
    return this.#lastGivenBackAt;
  }

  get kept(): number {
    return this.#kept.filter((connection) => this.#pool.isAlive(connection)).length;
  }

  async borrow(deadline: Deadline, options?: object): Promise<Connection> {
    const kept = this.#takeKept();
    if (kept !== undefined) this.#onAwaited(0);
    const connection = kept ?? (await this.#acquire(deadline, options));
    if (!this.#retireAt.has(connection)) {
      this.#retireAt.set(connection, performance.now() + this.#ageMsMax * (1 - Math.random() / 4));
    }
    this.#lend(connection, performance.now() + deadline.remainingMs());
    return connection;
  }

  giveBack(connection: Connection): void {
    const loan = this.#loans.get(connection);
    if (loan?.isLent === false) return;
    if (this.#isTooOld(connection) && this.#pool.isAlive(connection)) this.#pool.retire(connection);
    const isAlive = this.#pool.isAlive(connection);
    if (isAlive) this.#lastGivenBackAt = performance.now();
    if (loan !== undefined && isAlive && this.#waiting === 0 && !this.#isDraining) {
      loan.isLent = false;
      this.#kept.push(connection);
    } else {
      this.#release(connection);
    }
  }

  cut(connection: Connection): void {
    this.#forget(connection);
    this.#pool.cut(connection);
  }

  drain(): void {
    this.#isDraining = true;
    for (const connection of this.#kept.splice(0)) this.#release(connection);
  }

  #isTooOld(connection: Connection): boolean {
    const retireAt = this.#retireAt.get(connection);
    return retireAt !== undefined && performance.now() >= retireAt;
  }

  #takeKept(): Connection | undefined {
    for (;;) {
      const connection = this.#kept.pop();
      if (connection === undefined || this.#pool.isAlive(connection)) return connection;
      this.#release(connection);
    }
  }

  async #acquire(deadline: Deadline, options: object | undefined): Promise<Connection> {
    const askedAt = performance.now();
    this.#waiting += 1;
    const acquiring = this.#pool.acquire(options).finally(() => {
      this.#waiting -= 1;
    });
    try {
      return await withTimeout(deadline.remainingMs(), () => acquiring);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      // It may still come, to nobody.
      acquiring.then(
        (late) => this.#pool.release(late),
        () => {},
      );
      // Connections that came back were answered, so the database is there and has too much to do.
      throw this.#lastGivenBackAt > askedAt ? new DatabaseOverloadedError(error) : new DatabaseUnavailableError(error);
    } finally {
      this.#onAwaited(performance.now() - askedAt);
    }
  }

  #lend(connection: Connection, endsAt: number): void {
    let loan = this.#loans.get(connection);
    if (loan === undefined) {
      loan = { endsAt, isLent: true, timer: undefined, timerEndsAt: Number.POSITIVE_INFINITY };
      this.#loans.set(connection, loan);
    }
    loan.endsAt = endsAt;
    loan.isLent = true;
    if (endsAt < loan.timerEndsAt) this.#arm(connection, loan);
  }

  #arm(connection: Connection, loan: Loan): void {
    clearTimeout(loan.timer);
    loan.timerEndsAt = loan.endsAt;
    loan.timer = setTimeout(() => this.#look(connection, loan), loan.endsAt - performance.now()).unref();
  }

  #look(connection: Connection, loan: Loan): void {
    if (!loan.isLent) {
      this.#kept = this.#kept.filter((kept) => kept !== connection);
      this.#release(connection);
    } else if (performance.now() >= loan.endsAt) {
      this.cut(connection);
    } else {
      this.#arm(connection, loan);
    }
  }

  #release(connection: Connection): void {
    this.#forget(connection);
    this.#pool.release(connection);
  }

  #forget(connection: Connection): void {
    clearTimeout(this.#loans.get(connection)?.timer);
    this.#loans.delete(connection);
  }
}
