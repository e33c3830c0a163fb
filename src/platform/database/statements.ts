/** What can be bound to a `?`. A number is an integer. */
export type SqlValue = string | number | Date | null;

/** What a statement has done that returns no rows. */
export interface StatementOutcome {
  /** With an UPDATE on MySQL and MariaDB those that are different now, not all that it has found. */
  readonly affectedRows: number;
  /** The number that the database has given to the row of an INSERT; 0 when it has given none. */
  readonly insertId: number;
}

/**
 * Statements of fixed text with bound values (`?`, in order), each prepared once for a connection and kept.
 *
 * A connection keeps a bounded number of them, so the texts of a program have to be few: what varies is bound, not
 * written into the text. Times are written and read as they are by the models.
 *
 * Both methods throw UniqueViolationError, RowLockedError, TransientTransactionError, DatabaseUnavailableError,
 * DatabaseOverloadedError (on the pool), and Sequelize's `DatabaseError` for what else the database says.
 */
export interface Statements {
  /** Rows with the columns' names as they are selected. Columns of timestamps are Dates on every engine. */
  all<Row extends object>(sql: string, values: readonly SqlValue[]): Promise<readonly Row[]>;
  run(sql: string, values: readonly SqlValue[]): Promise<StatementOutcome>;
}

/** Statements on one connection, in a transaction or outside of any. */
export interface ConnectionStatements extends Statements {
  /** Executes BEGIN, COMMIT or ROLLBACK, which not every server can prepare. */
  control(sql: string): Promise<void>;
}
