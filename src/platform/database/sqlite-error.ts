/** Names of the primary result codes, by number. https://sqlite.org/rescode.html */
const PRIMARY_NAMES = (
  'OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL ' +
  'EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB'
).split(' ');

/**
 * Sequelize takes every `SQLITE_CONSTRAINT` for a broken uniqueness or foreign key. Those that are neither keep their
 * extended name, so that it makes a plain `DatabaseError` of them.
 */
const NEITHER_UNIQUE_NOR_FOREIGN_KEY = new Map([
  [275, 'SQLITE_CONSTRAINT_CHECK'],
  [1299, 'SQLITE_CONSTRAINT_NOTNULL'],
  [3091, 'SQLITE_CONSTRAINT_DATATYPE'],
]);

export const SQLITE_ERROR = 1;
export const SQLITE_ABORT = 4;
export const SQLITE_BUSY = 5;
export const SQLITE_BUSY_SNAPSHOT = 517;
export const SQLITE_MISUSE = 21;

/** A failure of SQLite, in the shape of the `sqlite3` package's errors, which Sequelize's `formatError` looks for. */
export class SqliteError extends Error {
  /** `SQLITE_BUSY`, `SQLITE_CONSTRAINT`, `SQLITE_FULL`, … */
  readonly code: string;
  /** The extended result code, 2067 for a broken UNIQUE. */
  readonly errno: number;

  constructor(errno: number, reason: string, options?: ErrorOptions) {
    const code = NEITHER_UNIQUE_NOR_FOREIGN_KEY.get(errno) ?? `SQLITE_${PRIMARY_NAMES[errno & 0xff] ?? 'ERROR'}`;
    super(`${code}: ${reason}`, options);
    this.name = 'SqliteError';
    this.code = code;
    this.errno = errno;
  }
}

/** What `node:sqlite` threw, as a `SqliteError`; an error that SQLite did not raise (a value of no SQL type) stays as it is. */
export function toSqliteError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || !('message' in error)) return error;
  return new SqliteError(Number(error.errcode), String(error.message), { cause: error });
}

/** Somebody else holds a lock: nothing has been done, and the same statement may succeed later. */
export function isBusy(error: unknown): error is SqliteError {
  return error instanceof SqliteError && error.code === 'SQLITE_BUSY';
}
