import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import { createMigrator } from '../../../src/platform/database/migrator.ts';
import { openDatabase } from '../../../src/platform/database/open-database.ts';
import type { Statements } from '../../../src/platform/database/statements.ts';
import type { Answer } from '../../../src/platform/idempotency/answer.ts';
import type { IdempotencyClaim } from '../../../src/platform/idempotency/idempotency-claim.ts';
import { defineIdempotencyModel } from '../../../src/platform/idempotency/idempotency-model.ts';
import type { IdempotencyStore } from '../../../src/platform/idempotency/idempotency-store.ts';
import { SequelizeIdempotencyHousekeeping } from '../../../src/platform/idempotency/sequelize-idempotency-housekeeping.ts';
import { idempotencySql, SqlIdempotencyStore } from '../../../src/platform/idempotency/sql-idempotency-store.ts';
import { startDeadline } from '../../../src/platform/resilience/deadline.ts';
import { migrations } from '../../../src/profiles/migrations/index.ts';
import type { Engine } from '../../helpers/engines.ts';

export const now = new Date('2030-01-01T00:00:00.000Z');
export const later = new Date('2030-01-02T00:00:00.000Z');
/** The first moment after `later`. */
export const afterwards = new Date('2030-01-02T00:00:00.001Z');
export const muchLater = new Date('2030-01-03T00:00:00.000Z');

export const created: Answer = { status: 201, headers: { ETag: '"1"', Location: '/things/1' }, body: '{"id":"1"}' };

export function buildClaim(): IdempotencyClaim {
  return { id: randomBytes(32).toString('hex'), fingerprint: randomBytes(32).toString('hex') };
}

export type KeyStore = Awaited<ReturnType<typeof openKeyStore>>;

/** An empty, migrated database of the engine, and the keys in it, in as many transactions as a test needs. */
export async function openKeyStore(engine: Engine) {
  const test = await engine.create();
  const database = openDatabase(parseDatabaseUrl(test.url), { poolMax: 10, queryTimeoutMs: 5_000 });
  await createMigrator(database.sequelize, migrations).up();
  const model = defineIdempotencyModel(database.sequelize);
  const sql = idempotencySql(model);
  /** What comes before the next INSERT of a claim. */
  let beforeInsert: (() => Promise<void>) | undefined;

  const begin = async () => {
    const { statements, commit, rollback } = await database.begin(startDeadline(5_000));
    const run: Statements['run'] = async (text, values) => {
      const before = beforeInsert;
      if (text === sql.insert) {
        beforeInsert = undefined;
        await before?.();
      }
      return await statements.run(text, values);
    };
    const store: IdempotencyStore = new SqlIdempotencyStore(sql, { all: statements.all.bind(statements), run });
    return { store, commit, rollback };
  };

  /** A transaction that has done `work` and stays open until it is told how to end. */
  const open = async <T>(work: (store: IdempotencyStore) => Promise<T>) => {
    const transaction = await begin();
    try {
      return { ...transaction, result: await work(transaction.store) };
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  };

  const inTransaction = async <T>(work: (store: IdempotencyStore) => Promise<T>): Promise<T> => {
    const { result, commit } = await open(work);
    await commit();
    return result;
  };

  return {
    housekeeping: new SequelizeIdempotencyHousekeeping(database.sequelize, model),
    inTransaction,

    begin,
    open,

    /** Carries out a request of its own: claims the key, which must be free, and keeps the answer. */
    answer: async (claim: IdempotencyClaim, given: Answer = created, expiresAt = later): Promise<void> =>
      await inTransaction(async (store) => {
        expect(await store.claim(claim, now, expiresAt)).toBeNull();
        await store.keep(claim, given);
      }),

    claimAgain: async (claim: IdempotencyClaim, at = now) =>
      await inTransaction(async (store) => await store.claim(claim, at, muchLater)),

    storedIds: async (): Promise<string[]> => (await model.findAll({ order: ['id'] })).map((row) => row.get().id),

    /** How many statements like `pattern` are under way. */
    running: async (pattern: string): Promise<number> => {
      const [rows] = await database.sequelize.query(
        'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE ?',
        { replacements: [pattern] },
      );
      return rows.length;
    },

    /** Runs `work` between the next claim's look at its key and its INSERT. @returns when it has */
    beforeNextInsert: async (work: () => Promise<void>): Promise<void> =>
      await new Promise((resolve, reject) => {
        beforeInsert = () => work().then(resolve, reject);
      }),

    fill: async (count: number, expiresAt: Date): Promise<void> => {
      const answered = { status: 204, headers: '{}', body: '', createdAt: now, expiresAt };
      await model.bulkCreate(Array.from({ length: count }, () => ({ ...buildClaim(), ...answered })));
    },
    clear: async (): Promise<void> => void (await model.destroy({ where: {} })),
    close: async (): Promise<void> => {
      await database.close();
      await test.drop();
    },
  };
}
