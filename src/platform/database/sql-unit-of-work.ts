import { setTimeout as delay } from 'node:timers/promises';
import { type Deadline, startDeadline } from '../resilience/deadline.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { DatabaseAccess } from './database-breaker.ts';
import {
  DatabaseUnavailableError,
  isDiskFull,
  isReadOnlyServer,
  OutcomeUnknownError,
  TransientTransactionError,
  translateDatabaseError,
  translatingErrors,
} from './database-errors.ts';
import type { DatabaseEvent } from './database-events.ts';
import { type DatabaseTraces, isDatabaseFailure, noDatabaseTraces } from './database-traces.ts';
import type { Database } from './database.ts';
import type { Statements } from './statements.ts';
import { ConnectionGoneError } from './transaction.ts';
import type { Recall, UnitOfWork, Work } from './unit-of-work.ts';

/** Conflicts end when the others have had their turn; a connection that breaks again and again does not heal by itself. */
const attemptsMax = { conflict: 30, 'connection-lost': 4 };
const backoffFirstMs = 5;
const backoffMaxMs = 100;

/**
 * Units of work on transactions; `bind` makes the repositories for one of them.
 *
 * The isolation level (READ COMMITTED) and SQLite's BEGIN IMMEDIATE are settings of the connection, see `sequelize.ts`.
 *
 * @param options.deadlineMs how long a unit of work may take, its retries included
 */
export function createSqlUnitOfWork<Repositories>(options: {
  database: Database;
  access: DatabaseAccess;
  events: EventStream<DatabaseEvent>;
  deadlineMs: number;
  bind: (statements: Statements) => Repositories;
  traces?: DatabaseTraces;
}): UnitOfWork<Repositories> {
  const { traces = noDatabaseTraces } = options;
  return {
    run: async (work, recall) =>
      await options.access.run((admitted) => {
        const deadline = startDeadline(options.deadlineMs);
        return new Run({ ...options, traces, work, recall, deadline, admitted }).execute();
      }),
  };
}

type RetryCause = (DatabaseEvent & { type: 'transaction-retried' })['cause'];

/** COMMIT was said, and no answer came. */
class CommitUndecidedError<T> extends Error {
  readonly result: T;

  constructor(result: T, cause: unknown) {
    super('COMMIT was not answered.', { cause });
    this.name = 'CommitUndecidedError';
    this.result = result;
  }
}

interface RunOptions<Repositories, T> {
  readonly database: Database;
  readonly events: EventStream<DatabaseEvent>;
  readonly deadlineMs: number;
  readonly bind: (statements: Statements) => Repositories;
  readonly traces: DatabaseTraces;
  readonly work: Work<Repositories, T>;
  readonly recall: Recall<Repositories, T> | undefined;
  readonly deadline: Deadline;
  readonly admitted: () => boolean;
}

/** One unit of work, from its first attempt to its result. */
class Run<Repositories, T> {
  readonly #options: RunOptions<Repositories, T>;
  /** The last attempt, while it is not known whether it was committed. */
  #undecided: CommitUndecidedError<T> | undefined;
  /** Counted apart from the conflicts, many of which say nothing about the connection. */
  #lostConnections = 0;
  #attempts = 0;
  #retryCause: RetryCause | undefined;

  constructor(options: RunOptions<Repositories, T>) {
    this.#options = options;
  }

  async execute(): Promise<T> {
    let conflict: TransientTransactionError | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const resolved = await this.#resolve();
        return resolved ?? (await this.#inTransaction(this.#options.work, 'write'));
      } catch (error) {
        const failure = this.#noteUndecided(error);
        const cause = this.#causeToRetry(failure, attempt);
        const delayMs = fullJitterMs(attempt);
        const fits = delayMs < this.#options.deadline.remainingMs();
        if (this.#undecided !== undefined && (cause === undefined || !fits)) throw new OutcomeUnknownError(failure);
        // A database that has just answered by a conflict is there; the deadline has cut the attempt after it.
        if (!fits && conflict !== undefined && failure instanceof DatabaseUnavailableError) throw conflict;
        if (cause === undefined || !fits) throw failure;
        conflict = failure instanceof TransientTransactionError ? failure : undefined;
        this.#options.events.emit({ type: 'transaction-retried', cause, retry: attempt, delayMs });
        this.#retryCause = cause;
        await delay(delayMs);
      }
    }
  }

  /** The result of an attempt that turns out to have been committed; null when there is none. */
  async #resolve(): Promise<T | null> {
    const { recall, events } = this.#options;
    const undecided = this.#undecided;
    if (undecided === undefined || recall === undefined) return null;
    const recalled = await this.#inTransaction(
      async (repositories) => await recall(repositories, undecided.result),
      'recall',
    );
    this.#undecided = undefined;
    events.emit({ type: 'commit-resolved', committed: recalled !== null });
    return recalled;
  }

  /** One attempt, in a span of its own. */
  async #inTransaction<Result>(work: Work<Repositories, Result>, purpose: 'write' | 'recall'): Promise<Result> {
    const { tracing, breaker } = this.#options.traces;
    this.#attempts += 1;
    const attributes = {
      'db.transaction.purpose': purpose,
      'db.transaction.attempt': this.#attempts,
      'db.transaction.retry_cause': this.#retryCause,
      'circuit_breaker.state': breaker.state,
    };
    return await tracing.inSpan('db_write', { attributes, isFailure: isDatabaseFailure }, async (span) => {
      try {
        return await this.#transact(work, (outcome) => span.set({ 'db.transaction.outcome': outcome }));
      } catch (error) {
        if (error instanceof TransientTransactionError) span.fail(error.conflict);
        throw error;
      }
    });
  }

  async #transact<Result>(
    work: Work<Repositories, Result>,
    ended: (outcome: 'committed' | 'rolled-back' | 'undecided') => void,
  ): Promise<Result> {
    const { database, bind, deadline } = this.#options;
    const open = await translatingErrors(() => database.begin(deadline));
    let result: Result;
    try {
      result = await work(bind(open.statements));
    } catch (error) {
      // It will stay so, while another server may have taken its place at this address.
      if (isReadOnlyServer(error)) open.discard();
      else await open.rollback();
      ended('rolled-back');
      throw translateDatabaseError(error);
    }
    try {
      await open.commit();
    } catch (error) {
      const translated = translateDatabaseError(error);
      const isDecided =
        error instanceof ConnectionGoneError || translated instanceof TransientTransactionError || isDiskFull(error);
      ended(isDecided ? 'rolled-back' : 'undecided');
      throw isDecided ? translated : new CommitUndecidedError(result, translated);
    }
    ended('committed');
    return result;
  }

  #noteUndecided(error: unknown): unknown {
    if (!(error instanceof CommitUndecidedError)) return error;
    // The transaction that looks an outcome up has nothing to commit itself.
    if (this.#undecided === undefined) {
      this.#undecided = error;
      this.#options.events.emit({ type: 'commit-undecided' });
    }
    return error.cause;
  }

  /** Why another attempt is worth it; undefined when it is not, or would not fit. */
  #causeToRetry(failure: unknown, attempt: number): RetryCause | undefined {
    const { deadline, deadlineMs, admitted, recall } = this.#options;
    const remainingMs = deadline.remainingMs();
    if (remainingMs === 0 || !admitted() || (this.#undecided !== undefined && recall === undefined)) return undefined;
    if (failure instanceof TransientTransactionError) {
      // Who waits for a lock again should not be cut while waiting, which would look like a dead database.
      const fits = failure.conflict !== 'lock-wait' || remainingMs > deadlineMs / 2;
      return fits && attempt < attemptsMax.conflict ? failure.conflict : undefined;
    }
    if (!(failure instanceof DatabaseUnavailableError) && this.#undecided === undefined) return undefined;
    this.#lostConnections += 1;
    const limit = this.#undecided === undefined ? attemptsMax['connection-lost'] : attemptsMax.conflict;
    return this.#lostConnections < limit ? 'connection-lost' : undefined;
  }
}

/**
 * Full jitter: anything from nothing to the exponential bound, so that those who collided spread out.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
function fullJitterMs(attempt: number): number {
  return Math.random() * Math.min(backoffMaxMs, backoffFirstMs * 2 ** attempt);
}
