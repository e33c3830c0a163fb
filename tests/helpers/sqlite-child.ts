import { DatabaseSync } from 'node:sqlite';
import type { SqliteCommand } from './sqlite-process.ts';
import { ampleTimeoutMs, connect, increment, type OpenSqlite } from './sqlite-fixture.ts';

// The other process of the SQLite tests: does what it is told and says when it is done.

const storage = process.argv[2] ?? '';
let lock: DatabaseSync | undefined;
let opened: OpenSqlite | undefined;

function open(): OpenSqlite {
  opened ??= connect(storage);
  return opened;
}

const commands: Record<SqliteCommand, () => Promise<void> | void> = {
  echo: () => {},
  lock: () => {
    // The first commit to a new file needs it alone, and waits for whoever is just looking whether it is in WAL mode.
    lock = new DatabaseSync(storage, { timeout: ampleTimeoutMs });
    lock.exec('BEGIN IMMEDIATE');
  },
  unlock: () => {
    lock?.exec('COMMIT');
    lock?.close();
  },
  increment50: async () => {
    const { sequelize, counters } = open();
    const once = () => sequelize.transaction((transaction) => increment(counters, 'shared', { transaction }));
    await Promise.all(Array.from({ length: 50 }, once));
  },
  commitRow: async () => {
    const { sequelize, counters } = open();
    await sequelize.transaction((transaction) => counters.create({ id: 'committed', value: 1 }, { transaction }));
  },
  insertWithoutCommit: async () => {
    const { sequelize, counters } = open();
    const transaction = await sequelize.transaction();
    await counters.create({ id: 'uncommitted', value: 1 }, { transaction });
  },
  close: async () => {
    await open().sequelize.close();
    open().driver.close();
    process.disconnect();
  },
};

process.on('message', (command: SqliteCommand) => {
  void (async () => {
    await commands[command]();
    if (process.connected) process.send?.(command);
  })();
});
