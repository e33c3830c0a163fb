import { describe, expect, it } from '@jest/globals';
import { DatabaseError } from 'sequelize';
import { createDatabaseBreaker, type DatabaseAccess } from '../../../src/platform/database/database-breaker.ts';
import { translatingErrors } from '../../../src/platform/database/database-errors.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { createSqlUnitOfWork } from '../../../src/platform/database/sql-unit-of-work.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

describe('A unit of work on a disk that is full', () => {
  it.each([
    'SQLITE_FULL',
    'ER_DISK_FULL',
    'ER_RECORD_FILE_FULL',
  ])('has failed when COMMIT says %s: nothing is looked up or tried again', async (code) => {
    const full = new DatabaseError(Object.assign(new Error('full'), { code, sql: 'COMMIT' }));
    const events = new EventStream<DatabaseEvent>((error) => {
      throw error;
    });
    const seen: DatabaseEvent[] = [];
    events.subscribe((event) => void seen.push(event));
    let begun = 0;
    const begin: Database['begin'] = async () => {
      begun += 1;
      const { statements } = {} as Awaited<ReturnType<Database['begin']>>;
      return { statements, commit: () => Promise.reject(full), rollback: () => Promise.resolve(), discard: () => {} };
    };
    const access: DatabaseAccess = { run: async (action) => await action(() => true) };
    const unitOfWork = createSqlUnitOfWork({
      database: { begin } as Database,
      access,
      events,
      deadlineMs: 1_000,
      bind: () => ({}),
    });

    await expect(
      unitOfWork.run(
        () => Promise.resolve('done'),
        () => Promise.resolve('recalled'),
      ),
    ).rejects.toBe(full);
    expect({ begun, seen }).toEqual({ begun: 1, seen: [] });
  });

  it('is no failure of the database to the breaker, so that what is there can be read on', async () => {
    const events = new EventStream<DatabaseEvent>((error) => {
      throw error;
    });
    const breaker = createDatabaseBreaker({ consecutiveFailures: 1, deadlineMs: 1_000, events });
    try {
      const insert = async (): Promise<never> => {
        throw new DatabaseError(Object.assign(new Error('full'), { code: 'SQLITE_FULL', sql: 'INSERT' }));
      };
      for (let attempt = 0; attempt < 3; attempt++) {
        const failing = breaker.run(() => translatingErrors(insert));
        await expect(failing).rejects.toMatchObject({ parent: { code: 'SQLITE_FULL' } });
      }
      expect(breaker.isOpen).toBe(false);
    } finally {
      breaker.shutdown();
    }
  });
});
