import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/platform/clock.ts';
import { rebuildReadModel } from '../../../src/profiles/read-model/build-read-model.ts';
import type { User } from '../../../src/profiles/users/user.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { openSequelizeStore, type SequelizeStore } from '../../helpers/profiles-store.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';
import { asTheVersionBefore, differencesOf, execute, idsOf, select } from './read-model-fixture.ts';

describeOnEachEngine('The read model', (engine) => {
  let store: SequelizeStore;
  let users: UserUseCases;
  beforeEach(async () => {
    store = await openSequelizeStore(engine);
    users = new UserUseCases(store.unitOfWork, store.queries, systemClock);
  });
  afterEach(() => store?.close());

  /** In the order of their ids. */
  async function createMany(count: number): Promise<readonly User[]> {
    const created: User[] = [];
    for (let index = 0; index < count; index++) {
      const id = `user-${String(index).padStart(4, '0')}`;
      created.push((await users.create(buildUser({ id }), id)).user);
    }
    return created;
  }

  it('has what commands wrote, with the number of the change that it shows', async () => {
    const [kept, changed, gone] = await createMany(3);
    if (!kept || !changed || !gone) throw new Error('There are too few users.');
    await users.update(changed.id, { name: 'Changed', displayName: null });
    await users.patch(changed.id, { metadata: { z: 1, a: { b: -0 } } });
    await users.remove(gone.id);
    const again = await users.create(buildUser({ id: gone.id }), gone.id);

    expect(await differencesOf(store)).toEqual([]);
    const revisions = await Promise.all([kept, changed, again.user].map(({ id }) => store.queries.find(id)));
    expect(revisions.map(({ view }) => [view?.revision, view?.version])).toEqual([
      [1, 1],
      [5, 3],
      [7, 1],
    ]);
  });

  describe('check', () => {
    it('names what is missing, orphaned and different, and in which columns', async () => {
      const all = await createMany(6);
      await execute(store, "DELETE FROM users_read WHERE id = 'user-0001'");
      await execute(
        store,
        `INSERT INTO users_read (id, revision, version, email_key, name_key, display_name_key, email_search_key, created_at, body)
         SELECT 'stranger', revision, version, email_key, name_key, display_name_key, email_search_key, created_at, body
         FROM users_read WHERE id = 'user-0000'`,
      );
      await execute(store, "UPDATE users_read SET version = 7, body = '{}' WHERE id = 'user-0002'");
      await execute(store, "UPDATE users_read SET email_key = 'x', name_key = 'x' WHERE id = 'user-0003'");
      await execute(
        store,
        "UPDATE users_read SET display_name_key = NULL, email_search_key = '' WHERE id = 'user-0004'",
      );
      await execute(store, "UPDATE users_read SET revision = 99, created_at = ? WHERE id = 'user-0005'", [new Date(0)]);

      const expected = [
        { id: 'user-0001', kind: 'missing', columns: [] },
        { id: 'user-0002', kind: 'differs', columns: ['version', 'body'] },
        { id: 'user-0003', kind: 'differs', columns: ['email_key', 'name_key'] },
        { id: 'user-0004', kind: 'differs', columns: ['display_name_key', 'email_search_key'] },
        { id: 'user-0005', kind: 'differs', columns: ['revision', 'created_at'] },
        { id: 'stranger', kind: 'orphaned', columns: [] },
      ];
      const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
      for (const batchSize of [1, 2, 500]) {
        expect((await differencesOf(store, batchSize)).toSorted(byId)).toEqual(expected.toSorted(byId));
      }

      expect(await rebuildReadModel(store.readModel, { batchSize: 2 })).toEqual({ isComplete: true, differences: 6 });
      expect(await differencesOf(store)).toEqual([]);
      expect((await idsOf(store.queries)).toSorted()).toEqual(all.map(({ id }) => id));
    });

    it('finds no difference in what others are writing', async () => {
      await createMany(40);
      const writing = writers(users, 39);
      for (let round = 0; round < 15; round++) expect(await differencesOf(store, 7)).toEqual([]);
      await writing.stop();
    }, 30_000);
  });

  describe('rebuild', () => {
    /** Of ten users. */
    const brokenOff = async (batches: number, fromStart = false) => {
      const ending = new AbortController();
      const progress: number[] = [];
      const run = await rebuildReadModel(store.readModel, {
        fromStart,
        batchSize: 2,
        signal: ending.signal,
        onProgress: (done) => {
          progress.push(done);
          if (progress.length > batches) ending.abort();
        },
      });
      expect(run.isComplete).toBe(false);
      return progress;
    };
    const ten = () => Array.from({ length: 10 }, (_, index) => buildUser({ id: `user-${index}` }));

    it('goes on where it was broken off, or from the start', async () => {
      const before = asTheVersionBefore(store);
      await before.create(...ten());
      await store.readModel.run((work) => work.suspend());
      expect(await brokenOff(2)).toEqual([0, 2, 4]);
      expect(await brokenOff(1)).toEqual([4, 6]);
      expect(await select(store, 'SELECT id FROM users_read')).toHaveLength(6);

      await execute(store, "DELETE FROM users_read WHERE id = 'user-0'");
      expect(await rebuildReadModel(store.readModel)).toEqual({ isComplete: true, differences: 4 });
      expect(await differencesOf(store)).toEqual([{ id: 'user-0', kind: 'missing', columns: [] }]);
      expect(await rebuildReadModel(store.readModel, { fromStart: true })).toMatchObject({ differences: 1 });
      expect(await differencesOf(store)).toEqual([]);
    });

    it('begun too early and broken off, puts right what the version before has written behind it', async () => {
      const before = asTheVersionBefore(store);
      const [changed, removed, ...others] = ten();
      if (!changed || !removed) throw new Error('There are too few users.');
      await before.create(changed, removed, ...others);
      await store.readModel.run((work) => work.suspend());
      await brokenOff(2);
      await before.update({ ...changed, name: 'Changed', version: 2 });
      await before.remove(removed);
      const added = Array.from({ length: 120 }, (_, index) => buildUser({ id: `user-1-${index}` }));
      await before.create(...added);

      expect(await brokenOff(1)).toHaveLength(2);
      expect((await rebuildReadModel(store.readModel)).isComplete).toBe(true);
      expect(await differencesOf(store)).toEqual([]);
      expect((await store.queries.find(changed.id)).view).toMatchObject({ revision: 11, version: 2 });
      expect((await store.queries.find(removed.id)).view).toBeNull();
      expect(await idsOf(store.queries)).toHaveLength(9 + added.length);
    });

    it('of a read model that is ready begins at the start, also after one that was broken off', async () => {
      await asTheVersionBefore(store).create(...ten());
      await rebuildReadModel(store.readModel);
      await brokenOff(3);
      await execute(store, "DELETE FROM users_read WHERE id = 'user-0'");
      expect(await rebuildReadModel(store.readModel)).toEqual({ isComplete: true, differences: 1 });
    });

    it('does not make ready what was suspended meanwhile', async () => {
      await asTheVersionBefore(store).create(...ten());
      const status = () => store.readModel.run((work) => work.status());
      await store.readModel.run((work) => work.suspend());
      await brokenOff(1);
      expect(await status()).toEqual({ isReady: false, position: 'user-1' });
      let suspending: Promise<void> | undefined;
      const run = await rebuildReadModel(store.readModel, {
        batchSize: 20,
        onProgress: () => void (suspending ??= store.readModel.run((work) => work.suspend())),
      });
      await suspending;
      expect(run.isComplete).toBe(false);
      expect(await status()).toEqual({ isReady: false, position: '' });
    });

    it('numbers a user that is older than the journal 0', async () => {
      const user = buildUser();
      await store.unitOfWork.run((repositories) => repositories.users.insert(user));
      await rebuildReadModel(store.readModel);
      expect((await store.queries.find(user.id)).view).toMatchObject({ id: user.id, revision: 0 });
    });

    it('twice at once, while others write and read, ends with no difference and hides nobody meanwhile', async () => {
      const everybody = (await createMany(200)).map(({ id }) => id);
      await execute(store, "UPDATE users_read SET body = '{}', revision = 0 WHERE id > 'user-0050'");
      const writing = writers(users, 51);
      const rebuilding = Promise.all(
        [7, 11].map((batchSize) => rebuildReadModel(store.readModel, { batchSize, fromStart: true })),
      );
      const isSettled = settled(rebuilding);
      for (let reads = 0; reads === 0 || !isSettled(); reads++) {
        const seen = new Set(await idsOf(store.queries));
        expect(everybody.slice(51).filter((id) => !seen.has(id))).toEqual([]);
        await delay(5);
      }
      expect((await rebuilding).map(({ isComplete }) => isComplete)).toEqual([true, true]);
      await writing.stop();
      expect(await differencesOf(store)).toEqual([]);
    }, 60_000);
  });
});

/** Changes, removes and creates again the first `count` users, a multiple of three, until it is stopped. */
function writers(users: UserUseCases, count: number): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const write = async (first: number): Promise<void> => {
    for (let index = first; !stopping.signal.aborted; index = (index + 3) % count) {
      const id = `user-${String(index).padStart(4, '0')}`;
      await users.update(id, { name: `Name ${index}` });
      await users.remove(id);
      await users.create(buildUser({ id }), id);
    }
  };
  // Each has users of its own: those whose numbers leave the same remainder.
  const running = Promise.all([0, 1, 2].map(write));
  running.catch(() => {});
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function settled(promise: Promise<unknown>): () => boolean {
  let isSettled = false;
  const settle = () => (isSettled = true);
  promise.then(settle, settle);
  return () => isSettled;
}
