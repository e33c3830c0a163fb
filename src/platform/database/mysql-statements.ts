import type { Connection, QueryError, ResultSetHeader } from 'mysql2';
import type { ConnectionStatements, SqlValue } from './statements.ts';

/**
 * The server cannot prepare any more, or has not got what was prepared: other connections have taken all that
 * `max_prepared_stmt_count` allows, a table was altered again and again, or somebody between has changed connections.
 * Nothing was executed.
 */
const notPrepared: ReadonlySet<string | undefined> = new Set([
  'ER_MAX_PREPARED_STMT_COUNT_REACHED',
  'ER_NEED_REPREPARE',
  'ER_UNKNOWN_STMT_HANDLER',
]);

/**
 * Statements on one connection of mysql2, which prepares and keeps them. What the server cannot prepare is sent as text,
 * which comes to the same values. They throw the errors of mysql2.
 */
export function mysqlStatements(connection: Connection): ConnectionStatements {
  const execute = async <Result>(sql: string, values: readonly SqlValue[]): Promise<Result> => {
    try {
      return await answered((answer) => connection.execute(sql, values as SqlValue[], answer));
    } catch (error) {
      if (!notPrepared.has((error as QueryError).code)) throw error;
      // The next time it is prepared anew.
      connection.unprepare(sql);
      return await answered((answer) => connection.query(sql, values as SqlValue[], answer));
    }
  };

  return {
    all: execute,
    run: async (sql, values) => await execute<ResultSetHeader>(sql, values),
    control: async (sql) => await answered((answer) => connection.query(sql, answer)),
  };
}

type AnswerCallback = (error: QueryError | null, result: unknown) => void;

async function answered<Result>(ask: (answer: AnswerCallback) => unknown): Promise<Result> {
  return await new Promise((resolve, reject) => {
    ask((error, result) => {
      if (error === null) resolve(result as Result);
      else reject(error);
    });
  });
}
