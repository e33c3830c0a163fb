import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataTypes, type Model, type ModelStatic, Sequelize, Transaction, type Transactionable } from 'sequelize';
import { createSqliteDriver, type SqliteDriver } from '../../src/platform/database/sqlite-driver.ts';

export interface Counter extends Model {
  id: string;
  value: number;
}

export interface OpenSqlite {
  readonly driver: SqliteDriver;
  readonly sequelize: Sequelize;
  /** A table with a key and a number; `fixture.open` makes it. */
  readonly counters: ModelStatic<Counter>;
  /** Every statement that Sequelize sent, in order. */
  readonly statements: string[];
}

export interface SqliteFixture {
  readonly folder: string;
  readonly storage: string;
  /** Connects as the service does. Several may be open at once, as if in several processes. */
  open(options?: { busyTimeoutMs?: number }): Promise<OpenSqlite>;
  /** The names of the files that SQLite keeps: `-wal` and `-shm` go when the last connection is closed. */
  files(): Promise<string[]>;
  closeAll(): Promise<void>;
  remove(): Promise<void>;
}

/** A database file in a folder of its own. */
export async function createSqliteFixture(): Promise<SqliteFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-driver-'));
  const storage = join(folder, 'test.sqlite');
  const open: OpenSqlite[] = [];

  async function closeAll(): Promise<void> {
    for (const { sequelize, driver } of open.splice(0)) {
      await sequelize.close();
      driver.close();
    }
  }

  return {
    folder,
    storage,
    open: async (options) => {
      const opened = connect(storage, options);
      open.push(opened);
      await opened.counters.sync();
      return opened;
    },
    files: async () => (await readdir(folder)).toSorted(),
    closeAll,
    remove: async () => {
      await closeAll();
      await rm(folder, { recursive: true });
    },
  };
}

/** More than a busy machine needs for anything that is not a test of waiting too long. */
export const ampleTimeoutMs = 60_000;

/** Sequelize on the driver, not connected yet. */
export function connect(
  storage: string,
  { busyTimeoutMs = ampleTimeoutMs }: { busyTimeoutMs?: number } = {},
): OpenSqlite {
  const driver = createSqliteDriver({ busyTimeoutMs });
  const statements: string[] = [];
  const sequelize = new Sequelize({
    dialect: 'sqlite',
    dialectModule: driver,
    storage,
    transactionType: Transaction.TYPES.IMMEDIATE,
    logging: (message) => void statements.push(message.replace(/^Executing \([^)]*\): /, '')),
  });
  const counters = sequelize.define<Counter>(
    'counters',
    { id: { type: DataTypes.STRING, primaryKey: true }, value: { type: DataTypes.INTEGER, allowNull: false } },
    { timestamps: false },
  );
  return { driver, sequelize, counters, statements };
}

/** Reads, then writes what it read plus one: an update is lost when two of them overlap. */
export async function increment(counters: ModelStatic<Counter>, id: string, options: Transactionable): Promise<void> {
  const counter = await counters.findByPk(id, { ...options, rejectOnEmpty: true });
  await counter.update({ value: counter.value + 1 }, options);
}

/** What `work` is rejected with. @throws when it is not */
export async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => ({ failed: false, reason: undefined }),
    (reason: unknown) => ({ failed: true, reason }),
  );
  if (!outcome.failed) throw new Error('It succeeded.');
  return outcome.reason;
}
