import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SQLITE_ERROR, SqliteError, toSqliteError } from './sqlite-error.ts';
import {
  type BindValues,
  type DatedRow,
  fromInteger,
  type Row,
  toBindArguments,
  toDatedRow,
  toRow,
} from './sqlite-values.ts';

/** About 8 KB each. */
const STATEMENTS_MAX = 100;

/** What outlives a transaction in SQLite's connection. */
const ALTERS_SESSION = /^\s*(?:ATTACH|DETACH|CREATE\s+TEMP|PRAGMA\s+[\w.]+\s*=)/i;

/**
 * What Sequelize tells every connection: the one is so from the start, the other means something in a shared cache only.
 * It is not passed on, since SQLite answers by preparing all of the connection's statements anew.
 */
const SAYS_NOTHING_NEW = /^\s*PRAGMA\s+(?:foreign_keys\s*=\s*ON|read_uncommitted\s*=\s*\w+)\s*;?\s*$/i;
const DOES_NOTHING = 'SELECT 0 WHERE 0';

/** One open connection of SQLite with its prepared statements. Every call is synchronous and fails with `SqliteError`. */
export class SqliteHandle {
  readonly #database: DatabaseSync;
  /** In order of use, the least recent first. */
  readonly #statements = new Map<string, StatementSync>();
  /** The names of their columns of timestamps. */
  readonly #dates = new WeakMap<StatementSync, readonly string[]>();
  #altered = false;

  /**
   * @throws SqliteError `SQLITE_CANTOPEN`, `SQLITE_NOTADB`, … and `SQLITE_BUSY` while another process switches the file
   *   to WAL or recovers it
   */
  constructor(path: string) {
    this.#database = attempt(() => open(path));
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** A setting, a temporary table or an attached file of this connection is not as it was at the start. */
  get isAltered(): boolean {
    return this.#altered;
  }

  run(sql: string, values: BindValues): { lastID: number | string; changes: number } {
    return attempt(() => {
      const { lastInsertRowid, changes } = this.#prepare(sql).run(...toBindArguments(values));
      return { lastID: fromInteger(lastInsertRowid), changes: Number(changes) };
    });
  }

  all(sql: string, values: BindValues): Row[] {
    return attempt(() =>
      this.#prepare(sql)
        .all(...toBindArguments(values))
        .map(toRow),
    );
  }

  /** The same as `all`, with the columns of timestamps as Dates. */
  allWithDates(sql: string, values: BindValues): DatedRow[] {
    return attempt(() => {
      const statement = this.#prepare(sql);
      const dates = this.#datesOf(statement);
      return statement.all(...toBindArguments(values)).map((columns) => toDatedRow(columns, dates));
    });
  }

  get(sql: string, values: BindValues): Row | undefined {
    return attempt(() => {
      const columns = this.#prepare(sql).get(...toBindArguments(values));
      return columns === undefined ? undefined : toRow(columns);
    });
  }

  /** Runs a script of several statements; when one fails, those before it have been done. */
  exec(script: string): void {
    // A script is not taken apart to see what it alters.
    this.#altered = true;
    attempt(() => this.#database.exec(script));
  }

  /** Rolls back what is open, finalises the statements and lets go of the file. */
  close(): void {
    this.#database.close();
  }

  #prepare(asked: string): StatementSync {
    const sql = !this.#altered && SAYS_NOTHING_NEW.test(asked) ? DOES_NOTHING : asked;
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#altered ||= ALTERS_SESSION.test(sql);
    }
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > STATEMENTS_MAX) this.#forgetLeastRecent();
    return statement;
  }

  #datesOf(statement: StatementSync): readonly string[] {
    let dates = this.#dates.get(statement);
    if (dates === undefined) {
      dates = statement.columns().flatMap(({ name, type }) => (type === 'DATETIME' ? [name] : []));
      this.#dates.set(statement, dates);
    }
    return dates;
  }

  /** The garbage collector finalises it: `node:sqlite` has no call for that. */
  #forgetLeastRecent(): void {
    const [leastRecent] = this.#statements.keys();
    if (leastRecent !== undefined) this.#statements.delete(leastRecent);
  }
}

function open(path: string): DatabaseSync {
  // No busy timeout: SQLite would sleep on the event loop's thread, where the holder of the lock may be waiting too.
  const database = new DatabaseSync(path, { timeout: 0, readBigInts: true, enableForeignKeyConstraints: true });
  try {
    const mode = database.prepare('PRAGMA journal_mode=WAL').get()?.['journal_mode'];
    if (mode !== 'wal')
      throw new SqliteError(SQLITE_ERROR, `the file cannot use WAL, its journal mode stays ${String(mode)}`);
    database.exec('PRAGMA synchronous=FULL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toSqliteError(error);
  }
}
