import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openSequelizeStore } from '../../helpers/profiles-store.ts';
import { describeWith } from '../../helpers/services.ts';

// On SQLite there is nothing to see: the second transaction begins when the first has ended.
for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `The journal's locking read on ${engine.name}`, () => {
    let store: Awaited<ReturnType<typeof openSequelizeStore>>;
    beforeAll(async () => {
      store = await openSequelizeStore(engine);
    });
    afterAll(() => store?.close());

    /** The server is running the locking read: it has seen what there was to see, or waits. */
    async function expectRunning(): Promise<void> {
      const [row] = await store.database.sequelize.query<{ running: number }>(
        "SELECT COUNT(*) AS running FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'SELECT change_id%'",
        { type: QueryTypes.SELECT },
      );
      expect(Number(row?.running)).toBe(1);
    }

    describe('while a transaction that has recorded the change is undecided', () => {
      it.each([
        ['commits', true],
        ['rolls back', false],
      ])('waits, and sees what is true when that %s', async (_how, commits) => {
        const id = randomUUID();
        const userId = randomUUID();
        const appended = Promise.withResolvers<void>();
        const decided = Promise.withResolvers<void>();
        const undecided = store.unitOfWork.run(async ({ changes }) => {
          const changedAt = new Date();
          await changes.append({ id, userId, version: 1, kind: 'created', fields: [], changedAt, requestId: 'r' });
          appended.resolve();
          await decided.promise;
          if (!commits) throw new Error('changed my mind');
        });
        await appended.promise;
        const answer = store.unitOfWork.run(({ changes }) => changes.has(id));
        try {
          await eventually(expectRunning);
        } finally {
          decided.resolve();
          await Promise.allSettled([undecided, answer]);
        }
        expect(await answer).toBe(commits);
      });
    });

    it('of a change that nobody has recorded keeps nobody else from recording it', async () => {
      const id = randomUUID();
      const change = { id, userId: 'u', version: 1, kind: 'created', fields: [], requestId: 'r' } as const;
      const absent = await store.unitOfWork.run(async ({ changes }) => {
        const found = await changes.has(id);
        await store.unitOfWork.run((other) => other.changes.append({ ...change, changedAt: new Date() }));
        return found;
      });
      expect(absent).toBe(false);
      expect(await store.unitOfWork.run(({ changes }) => changes.has(id))).toBe(true);
    });
  });
}
