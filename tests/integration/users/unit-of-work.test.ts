import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../../src/platform/clock.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { OutcomeUnknownError, TransientTransactionError } from '../../../src/platform/database/database-errors.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { openSequelizeStore } from '../../helpers/profiles-store.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';

describeOnEachEngine('The unit of work', (engine) => {
  let store: Awaited<ReturnType<typeof openSequelizeStore>>;
  let service: UserUseCases;
  beforeAll(async () => {
    store = await openSequelizeStore(engine);
    service = new UserUseCases(store.unitOfWork, store.queries, systemClock);
  });
  afterAll(() => store?.close());

  const allUsers = async () => [
    await store.usersQueries.list({ limit: 1000, sort: 'createdAt' }),
    await store.queries.list({ limit: 1000, sort: 'createdAt' }),
  ];

  describe('W5: with a fault in place of each statement in turn, leaves all as it was', () => {
    /** The statements before COMMIT: BEGIN, those on users, the row of the journal, that of the read model. */
    const useCases: [name: string, run: (id: string) => Promise<unknown>, statements: number][] = [
      ['create', () => service.create(buildUser()), 4],
      ['update', (id) => service.update(id, { name: 'Changed' }), 5],
      ['patch', (id) => service.patch(id, { metadata: { changed: true } }), 5],
      ['delete', (id) => service.remove(id), 5],
      ['create two', () => createTwo(), 3],
    ];

    it.each(useCases)('%s', async (_name, run, statements) => {
      const { user } = await service.create(buildUser());
      const before = await allUsers();
      for (let failing = 1; failing <= statements; failing++) {
        const fault = failStatement(store.database, failing);
        await expect(run(user.id)).rejects.toThrow('injected');
        fault.restore();
        expect(await allUsers()).toEqual(before);
      }
    });

    it.each(useCases.slice(0, 4))('%s, which succeeds when it is COMMIT', async (_name, run, statements) => {
      const { user } = await service.create(buildUser());
      const fault = failStatement(store.database, statements + 1);
      await run(user.id);
      fault.restore();
    });

    it('create two, whose outcome nobody can look up when it is COMMIT', async () => {
      const before = await allUsers();
      const fault = failStatement(store.database, 4);
      await expect(createTwo()).rejects.toThrow(OutcomeUnknownError);
      fault.restore();
      expect(await allUsers()).toEqual(before);
    });

    async function createTwo(): Promise<void> {
      await store.unitOfWork.run(async ({ users }) => {
        await users.insert(buildUser());
        await users.insert(buildUser());
      });
    }
  });

  it('W9: 50 parallel creates on a pool of two connections all succeed', async () => {
    const small = await openSequelizeStore(engine, { poolMax: 2 });
    try {
      const users = new UserUseCases(small.unitOfWork, small.queries, systemClock);
      await Promise.all(Array.from({ length: 50 }, () => users.create(buildUser())));
      expect(await small.queries.list({ limit: 1000, sort: 'createdAt' })).toHaveLength(50);
    } finally {
      await small.close();
    }
  });

  it('gives up within seconds on a row that somebody else keeps locked, and works again afterwards', async () => {
    const { user } = await service.create(buildUser());
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: hasLocked } = Promise.withResolvers<void>();
    const holder = store.unitOfWork.run(async ({ users }) => {
      await users.findForUpdate(user.id);
      hasLocked();
      await released;
    });
    await locked;
    await expect(service.update(user.id, { name: 'Never' })).rejects.toThrow(TransientTransactionError);
    release();
    await holder;
    expect(await service.update(user.id, { name: 'Now' })).toMatchObject({ name: 'Now', version: 2 });
  });

  it('runs the work again, whole, after a deadlock, and nobody notices', async () => {
    const [first, second] = [(await service.create(buildUser())).user, (await service.create(buildUser())).user];
    // Each swaps the order in which the rows are locked; on SQLite they take turns.
    const touchBoth = (ids: readonly string[]) =>
      store.unitOfWork.run(async ({ users }) => {
        for (const id of ids) {
          const user = await users.findForUpdate(id);
          if (user) await users.update({ ...user, version: user.version + 1 });
        }
      });
    const rounds = Array.from({ length: 20 }, (_, round) =>
      touchBoth(round % 2 === 0 ? [first.id, second.id] : [second.id, first.id]),
    );
    await Promise.all(rounds);
    for (const { id } of [first, second])
      expect((await store.usersQueries.find(id)).view).toMatchObject({ version: 21 });
  });
});

/** Makes the n-th statement fail before it is sent, BEGIN and COMMIT counted, ROLLBACK not. */
function failStatement(database: Database, n: number): { restore(): void } {
  const begin = database.begin.bind(database);
  let count = 0;
  const step = (): void => {
    if (++count === n) throw new Error('injected');
  };
  const spy = jest.spyOn(database, 'begin').mockImplementation(async (deadline) => {
    step();
    const open = await begin(deadline);
    return {
      ...open,
      statements: {
        all: async (sql, values) => {
          step();
          return await open.statements.all(sql, values);
        },
        run: async (sql, values) => {
          step();
          return await open.statements.run(sql, values);
        },
      },
      commit: async () => {
        try {
          step();
        } catch (error) {
          await open.rollback();
          throw error;
        }
        await open.commit();
      },
    };
  });
  return { restore: () => spy.mockRestore() };
}
