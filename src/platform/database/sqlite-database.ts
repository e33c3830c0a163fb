import { setImmediate } from 'node:timers';
import type { Job, SqliteConnection } from './sqlite-connection.ts';
import type { BindValues, Row } from './sqlite-values.ts';

/** `this` in the callbacks of statements. Sequelize knows it by the name of its class. */
class Statement {
  /** Set by `run`, as is `changes`. */
  declare readonly lastID?: number | string;
  declare readonly changes?: number;
}

/** Called once, and never before the call that it was given to has returned. */
export type SqliteCallback<T> = (this: Statement, error: unknown, result?: T) => void;
type Arguments<T> = [callback?: SqliteCallback<T>] | [values: BindValues, callback?: SqliteCallback<T>];

/**
 * A `SqliteConnection` with the calls of the package `sqlite3` that Sequelize 6 makes; none of them throws.
 * https://github.com/TryGhost/node-sqlite3/wiki/API
 */
export class SqliteDatabase {
  readonly filename: string;
  readonly #connection: SqliteConnection;

  /**
   * @param onOpen learns whether the file could be opened; if not, statements will try again
   * @throws SqliteError `SQLITE_MISUSE` when the driver does not serve such files
   */
  constructor(
    connect: (filename: string, mode: number) => SqliteConnection,
    filename: string,
    mode: number,
    onOpen: (error: unknown) => void,
  ) {
    this.filename = filename;
    this.#connection = connect(filename, mode);
    this.#do({ sql: '', work: () => undefined, isRepeatable: true }, onOpen);
  }

  /** Does a statement that returns no rows. */
  run(sql: string, ...rest: Arguments<never>): void {
    const [values, callback] = split(rest);
    this.#do({ sql, work: (handle) => handle.run(sql, values), isRepeatable: true }, (error, outcome) => {
      callback?.call(Object.assign(new Statement(), outcome), error);
    });
  }

  all(sql: string, ...rest: Arguments<Row[]>): void {
    const [values, callback] = split(rest);
    this.#do({ sql, work: (handle) => handle.all(sql, values), isRepeatable: true }, (error, rows) => {
      callback?.call(new Statement(), error, rows);
    });
  }

  get(sql: string, ...rest: Arguments<Row>): void {
    const [values, callback] = split(rest);
    this.#do({ sql, work: (handle) => handle.get(sql, values), isRepeatable: true }, (error, row) => {
      callback?.call(new Statement(), error, row);
    });
  }

  /** Does the statements of a script one by one. It is not repeated for a lock, since a part of it may have been done. */
  exec(script: string, callback?: (error: unknown) => void): void {
    this.#do({ sql: script, work: (handle) => handle.exec(script), isRepeatable: false }, (error) => callback?.(error));
  }

  /** A connection keeps the order of a transaction's statements anyway. */
  serialize(work: () => void): void {
    work();
  }

  /** Rolls back what is open. Closing again succeeds. */
  close(callback?: (error: null) => void): void {
    this.#connection.close();
    if (callback !== undefined) setImmediate(callback, null);
  }

  /**
   * Callbacks start from the event loop, not from a microtask, so that a long row of statements lets others in between.
   * A failure that nobody asked about (Sequelize's `PRAGMA FOREIGN_KEYS=ON`) meets the next statement too.
   */
  #do<T>(job: Job<T>, callback: (error: unknown, result?: T) => void): void {
    this.#connection.do(job).then(
      (result) => setImmediate(callback, null, result),
      (error: unknown) => setImmediate(callback, error),
    );
  }
}

function split<T>(rest: Arguments<T>): [BindValues, SqliteCallback<T> | undefined] {
  const [first, second] = rest;
  return typeof first === 'function' ? [[], first] : [first ?? [], second];
}
