import { expect, it } from '@jest/globals';
import type { Database } from '../../../src/platform/database/database.ts';
import { translateDriverError } from '../../../src/platform/database/database-errors.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import { createSqlUnitOfWork } from '../../../src/platform/database/sql-unit-of-work.ts';
import type { ConnectionStatements } from '../../../src/platform/database/statements.ts';
import { beginTransaction } from '../../../src/platform/database/transaction.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

it.each([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
])('A change that is refused with %s is made on another connection, and the first is kept for nobody', async (code) => {
  const refusal = translateDriverError(Object.assign(new Error('read-only'), { code, sql: 'INSERT' }));
  const said: string[] = [];
  const statementsOn = (isReadOnly: boolean): ConnectionStatements => ({
    all: () => Promise.resolve([]),
    run: async () => {
      if (isReadOnly) throw refusal;
      return await Promise.resolve({ affectedRows: 1, insertId: 1 });
    },
    control: async (sql) => void said.push(sql),
  });
  let begun = 0;
  const begin: Database['begin'] = async (deadline) => {
    begun += 1;
    const number = begun;
    return await beginTransaction(
      {
        statements: statementsOn(number === 1),
        isAlive: true,
        giveBack: () => said.push(`${number} given back`),
        discard: () => said.push(`${number} closed`),
      },
      { begin: 'BEGIN', deadline },
    );
  };
  const events = new EventStream<DatabaseEvent>((error) => {
    throw error;
  });
  const unitOfWork = createSqlUnitOfWork({
    database: { begin } as Database,
    access: { run: async (action) => await action(() => true) },
    events,
    deadlineMs: 3_000,
    bind: (bound) => bound,
  });

  const work = async (bound: { run: ConnectionStatements['run'] }) => await bound.run('INSERT', []);
  await expect(unitOfWork.run(work, () => Promise.resolve(null))).resolves.toMatchObject({ affectedRows: 1 });
  expect(said).toEqual(['BEGIN', '1 closed', 'BEGIN', 'COMMIT', '2 given back']);
});
