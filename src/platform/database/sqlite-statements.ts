import { setImmediate } from 'node:timers/promises';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { SqliteHandle } from './sqlite-handle.ts';
import type { ConnectionStatements, SqlValue } from './statements.ts';

/**
 * Statements on one connection to a SQLite file, whose handles prepare and keep them. They throw `SqliteError`.
 *
 * SQLite has answered before it can be waited for. So that a long row of statements lets others in between, those outside
 * of a transaction, its BEGIN and its COMMIT end in a turn of the event loop of their own.
 */
export function sqliteStatements(connection: SqliteConnection): ConnectionStatements {
  async function perform<T>(sql: string, work: (handle: SqliteHandle) => T): Promise<T> {
    const isInside = connection.isInTransaction;
    try {
      return await connection.do({ sql, work, isRepeatable: true });
    } finally {
      if (!(isInside && connection.isInTransaction)) await setImmediate();
    }
  }

  return {
    all: async <Row extends object>(sql: string, values: readonly SqlValue[]) =>
      await perform(sql, (handle) => handle.allWithDates(sql, values) as readonly object[] as readonly Row[]),
    control: async (sql) => void (await perform(sql, (handle) => handle.run(sql, []))),
    run: async (sql, values) => {
      const { changes, lastID } = await perform(sql, (handle) => handle.run(sql, values));
      return { affectedRows: changes, insertId: Number(lastID) };
    },
  };
}
