import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/platform/clock.ts';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import { createMigrator } from '../../../src/platform/database/migrator.ts';
import { openDatabase } from '../../../src/platform/database/open-database.ts';
import { migrations } from '../../../src/profiles/migrations/index.ts';
import { rebuildReadModel } from '../../../src/profiles/read-model/build-read-model.ts';
import { createReadModelState } from '../../../src/profiles/read-model/read-model-state.ts';
import { SwitchedUserQueries } from '../../../src/profiles/read-model/switched-user-queries.ts';
import { defineUserModel, toRow } from '../../../src/profiles/users/user-model.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { describeOnEachEngine, type Engine } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openSequelizeStore, type SequelizeStore } from '../../helpers/profiles-store.ts';
import { findUser } from '../../helpers/read-user.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { startProfiles } from '../../helpers/start-profiles.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';
import { asTheVersionBefore, differencesOf, idsOf } from './read-model-fixture.ts';

const old = Array.from({ length: 5 }, (_, index) => buildUser({ id: `old-${index}` }));
const oldIds = old.map(({ id }) => id);

/** The engine with databases of the version before the read model, in which there are users. */
function withOldUsers(engine: Engine): Engine {
  return {
    ...engine,
    create: async () => {
      const test = await engine.create();
      const database = openDatabase(parseDatabaseUrl(test.url), { poolMax: 1, queryTimeoutMs: 5_000 });
      const before = migrations.slice(
        0,
        migrations.findIndex(({ name }) => name === '0004-users-read'),
      );
      await createMigrator(database.sequelize, before).up();
      await defineUserModel(database.sequelize).bulkCreate(old.map(toRow));
      await database.close();
      return test;
    },
  };
}

describeOnEachEngine('A read model that is pending', (engine) => {
  let store: SequelizeStore;
  let told: string[];
  let queries: SwitchedUserQueries;
  const open = async (of: Engine) => {
    store = await openSequelizeStore(of);
    told = [];
    const state = createReadModelState(store.reader, (change) => told.push(change));
    queries = new SwitchedUserQueries(state, { readModel: store.queries, users: store.usersQueries });
  };
  beforeEach(() => open(withOldUsers(engine)));
  afterEach(() => store?.close());

  it('is passed by: what this version and the one before write is read', async () => {
    const [changed, removed] = old;
    if (!changed || !removed) throw new Error('There are too few users.');
    const added = buildUser({ id: 'old-9' });
    const before = asTheVersionBefore(store);
    await before.create(added);
    await before.update({ ...changed, name: 'Changed', version: 2 });
    await before.remove(removed);
    const users = new UserUseCases(store.unitOfWork, queries, systemClock);
    await users.create(buildUser({ id: 'new' }), 'new');
    await users.update('old-2', { name: 'Changed here' });

    expect((await idsOf(queries)).toSorted()).toEqual(['new', 'old-0', 'old-2', 'old-3', 'old-4', 'old-9']);
    expect(await findUser(queries, 'old-0')).toMatchObject({ name: 'Changed', version: 2 });
    expect(await findUser(queries, 'old-1')).toBeNull();
    // Without a revision, so that nobody keeps it.
    expect(await queries.find('old-2')).toMatchObject({ mayBeKept: false, view: { revision: 0, version: 2 } });
    expect(await queries.find('nobody')).toMatchObject({ mayBeKept: false, view: null });
  });

  it('is used when it has been built, without a restart, and for good', async () => {
    expect(await idsOf(queries)).toHaveLength(old.length);
    await asTheVersionBefore(store).create(buildUser({ id: 'old-9' }));
    await rebuildReadModel(store.readModel, { batchSize: 2 });

    await eventually(async () =>
      expect(await queries.find('old-9')).toMatchObject({ mayBeKept: true, view: { revision: 1 } }),
    );
    expect(told).toEqual(['pending', 'ready']);
    expect((await idsOf(queries)).toSorted()).toEqual([...oldIds, 'old-9']);
    expect(await differencesOf(store)).toEqual([]);
    await store.readModel.run((work) => work.suspend());
    expect(await queries.find('old-9')).toMatchObject({ mayBeKept: true });
  });

  it('again after a suspension is passed by in processes that start then, until it is built from the start', async () => {
    await rebuildReadModel(store.readModel);
    await store.readModel.run((work) => work.suspend());
    await asTheVersionBefore(store).create(buildUser({ id: 'later' }));
    expect(await queries.find('later')).toMatchObject({ mayBeKept: false, view: { id: 'later' } });
    await rebuildReadModel(store.readModel);
    await eventually(async () =>
      expect(await queries.find('later')).toMatchObject({ mayBeKept: true, view: { id: 'later' } }),
    );
  });

  it('is not pending where there was nobody', async () => {
    await store.close();
    await open(engine);
    expect(await queries.find('nobody')).toMatchObject({ mayBeKept: true, view: null });
  });

  it('is built by a service that migrates its database itself, in the background', async () => {
    const profiles = await startProfiles(withOldUsers(engine));
    const logged = (): unknown[] => profiles.logged.map(({ msg }) => msg);
    try {
      expect(logged()).toContain('Queries read users: the read model is pending');
      await eventually(() => expect(logged()).toContain('Read model built'));
      await eventually(async () => {
        const answer = await fetch(`${profiles.url}/api/users?sort=name`);
        const { data } = (await answer.json()) as { data: { id: string }[] };
        expect(data.map(({ id }) => id)).toEqual(oldIds);
        expect(logged()).toContain('Queries go to the read model');
      });
      expect((await scrape(profiles.url)).sum('read_model_ready')).toBe(1);
    } finally {
      await profiles.stop();
    }
  });
});
