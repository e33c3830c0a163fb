import { startDeadline, withTimeout } from '../resilience/deadline.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { DatabaseAccess } from './database-breaker.ts';
import { DatabaseUnavailableError, translatingErrors } from './database-errors.ts';
import type { DatabaseEvent } from './database-events.ts';
import { type DatabaseTraces, isDatabaseFailure, noDatabaseTraces } from './database-traces.ts';
import type { Database } from './database.ts';
import type { Statements } from './statements.ts';

/** What a read looks at: the rows of these keys, or any row, as lists do. */
export interface ReadScope {
  readonly keys: readonly string[] | 'any';
}

/** Reading outside of any transaction: what is committed. */
export interface DatabaseReader {
  /**
   * Runs a query, within the deadline. One that finds its connection dead is run once more, on another: those in the
   * pool die together when the database restarts, and the first to use each of them finds out.
   *
   * @param query is given statements each of which borrows a connection for itself
   * @param scope lets a reader that has replicas ask one that has what the query looks at; without it, none is asked
   * @throws DatabaseUnavailableError, DatabaseOverloadedError
   */
  read<T>(query: (statements: Statements) => Promise<T>, scope?: ReadScope): Promise<T>;
}

export function createDatabaseReader(options: {
  database: Pick<Database, 'statements'>;
  access: DatabaseAccess;
  deadlineMs: number;
  events: EventStream<DatabaseEvent>;
  traces?: DatabaseTraces;
}): DatabaseReader {
  const { database, access, deadlineMs, events, traces: { tracing, breaker } = noDatabaseTraces } = options;

  async function readTwice<T>(query: (statements: Statements) => Promise<T>, span: Span): Promise<T> {
    const deadline = startDeadline(deadlineMs);
    const statements = database.statements(deadline);
    try {
      return await translatingErrors(() => query(statements));
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError) || deadline.remainingMs() === 0) throw error;
      events.emit({ type: 'read-retried' });
      span.set({ 'db.read.retried': true });
      return await translatingErrors(() => withTimeout(deadline.remainingMs(), () => query(statements)));
    }
  }

  return {
    read: async (query) =>
      await access.run(() =>
        tracing.inSpan(
          'db_read',
          { attributes: { 'circuit_breaker.state': breaker.state }, isFailure: isDatabaseFailure },
          async (span) => await readTwice(query, span),
        ),
      ),
  };
}
