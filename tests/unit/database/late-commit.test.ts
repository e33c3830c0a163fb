import { expect, it } from '@jest/globals';
import type { Database } from '../../../src/platform/database/database.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import { createSqlUnitOfWork } from '../../../src/platform/database/sql-unit-of-work.ts';
import type { ConnectionStatements } from '../../../src/platform/database/statements.ts';
import { beginTransaction } from '../../../src/platform/database/transaction.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

const deadlineMs = 100;

/** As a process stands still that is stopped, or moved to another machine: no timer runs, and no socket is read. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('A transaction whose deadline passes before COMMIT is rolled back, and COMMIT is not said', async () => {
  const said: string[] = [];
  const statements: ConnectionStatements = {
    all: () => Promise.resolve([]),
    run: () => Promise.resolve({ affectedRows: 1, insertId: 1 }),
    control: async (sql) => void said.push(sql),
  };
  const begin: Database['begin'] = async (deadline) =>
    await beginTransaction(
      {
        statements,
        isAlive: true,
        giveBack: () => said.push('given back'),
        discard: () => said.push('closed'),
      },
      { begin: 'START TRANSACTION', deadline },
    );
  const events = new EventStream<DatabaseEvent>((error) => {
    throw error;
  });
  const seen: DatabaseEvent[] = [];
  events.subscribe((event) => void seen.push(event));
  const unitOfWork = createSqlUnitOfWork({
    database: { begin } as Database,
    access: { run: async (action) => await action(() => true) },
    events,
    deadlineMs,
    bind: (bound) => bound,
  });

  const late = unitOfWork.run(
    async (bound) => {
      await bound.run('INSERT', []);
      standStill(deadlineMs + 20);
      return 'done';
    },
    () => Promise.resolve('recalled'),
  );
  await expect(late).rejects.toMatchObject({ code: 'database-unavailable' });
  expect(said).toEqual(['START TRANSACTION', 'closed']);
  expect(seen).toEqual([]);
});
