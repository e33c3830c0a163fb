import { resolve } from 'node:path';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { SQLITE_MISUSE, SqliteError } from './sqlite-error.ts';
import { SqliteFile } from './sqlite-file.ts';

const OPEN_READWRITE = 0x2;
const OPEN_CREATE = 0x4;

/** What Sequelize 6 takes as the `dialectModule` of `dialect: 'sqlite'`. */
export interface SqliteDriver {
  readonly OPEN_READWRITE: number;
  readonly OPEN_CREATE: number;
  readonly Database: new (filename: string, mode: number, onOpen: (error: unknown) => void) => SqliteDatabase;
  /** A connection for calls that need not look like those of `sqlite3`. It takes a handle only while it needs one. */
  connect(filename: string): SqliteConnection;
  /** Whether somebody has the turn to write, and how many wait for it. */
  readonly turnToWrite: { readonly isTaken: boolean; readonly waiting: number };
  /** Closes every file, for good: open transactions are rolled back, and what still waits for a lock fails. */
  close(): void;
}

/**
 * Makes `node:sqlite` do what Sequelize 6 asks of the package `sqlite3`.
 *
 * Use it with `transactionType: 'IMMEDIATE'`: such transactions queue for the one write lock of the file, while a
 * deferred one that turns to writing fails with SQLITE_BUSY when another has written since it began. An acknowledged
 * write survives power loss (WAL, `synchronous=FULL`). Locks of other processes are awaited without blocking the event
 * loop. Read with bound parameters where you can: SQL with values in it is prepared anew for each of them.
 *
 * @param options.busyTimeoutMs how long a statement may wait for its turn and for locks before it fails with `SQLITE_BUSY`
 * @param options.onTurnAwaited is told how long somebody has waited for the turn to write, to get it or in vain
 */
export function createSqliteDriver({
  busyTimeoutMs = 5_000,
  onTurnAwaited = () => {},
}: {
  busyTimeoutMs?: number;
  onTurnAwaited?: (waitMs: number) => void;
} = {}): SqliteDriver {
  const files = new Map<string, SqliteFile>();
  let isClosed = false;

  function fileAt(path: string): SqliteFile {
    const file = files.get(path) ?? new SqliteFile(path, onTurnAwaited);
    files.set(path, file);
    return file;
  }

  function connect(filename: string, mode: number): SqliteConnection {
    if (isClosed) throw new SqliteError(SQLITE_MISUSE, 'the driver has been closed');
    // Its transactions would have to share one connection, and so see one another's uncommitted rows.
    if (filename === ':memory:')
      throw new SqliteError(SQLITE_MISUSE, 'an in-memory database is not supported; name a file');
    if (mode !== (OPEN_READWRITE | OPEN_CREATE))
      throw new SqliteError(SQLITE_MISUSE, 'a file is opened to read, write and create it only');
    return new SqliteConnection(fileAt(resolve(filename)), busyTimeoutMs);
  }

  return {
    OPEN_READWRITE,
    OPEN_CREATE,
    Database: SqliteDatabase.bind(undefined, connect),
    connect: (filename) => connect(filename, OPEN_READWRITE | OPEN_CREATE),
    get turnToWrite() {
      const queues = Array.from(files.values(), ({ writers }) => writers);
      return {
        isTaken: queues.some(({ isTaken }) => isTaken),
        waiting: queues.reduce((sum, { waiting }) => sum + waiting, 0),
      };
    },
    close: () => {
      isClosed = true;
      for (const file of files.values()) file.close();
      files.clear();
    },
  };
}
