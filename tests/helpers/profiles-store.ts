import { createMigrator } from '../../src/platform/database/migrator.ts';
import { parseDatabaseUrl } from '../../src/platform/database/database-url.ts';
import { createSequelizeUnitOfWork } from '../../src/platform/database/sequelize-unit-of-work.ts';
import { type Database, openDatabase } from '../../src/platform/database/sequelize.ts';
import { migrations } from '../../src/profiles/migrations/index.ts';
import type { ProfilesUnitOfWork } from '../../src/profiles/users/profiles-unit-of-work.ts';
import { SequelizeUserQueries } from '../../src/profiles/users/sequelize-user-queries.ts';
import { SequelizeUserRepository } from '../../src/profiles/users/sequelize-user-repository.ts';
import { defineUserModel } from '../../src/profiles/users/user-model.ts';
import type { UserQueries } from '../../src/profiles/users/user-queries.ts';
import { createInMemoryProfiles } from './in-memory-profiles.ts';
import type { Engine } from './engines.ts';

/** The profile service's own view of a store: how it writes and how it reads. */
export interface ProfilesStore {
  readonly unitOfWork: ProfilesUnitOfWork;
  readonly queries: UserQueries;
  close(): Promise<void>;
}

export function openInMemoryStore(): Promise<ProfilesStore> {
  return Promise.resolve({ ...createInMemoryProfiles(), close: () => Promise.resolve() });
}

/** An empty, migrated database of the engine, behind the real repositories. */
export async function openSequelizeStore(
  engine: Engine,
  options: { poolMax: number } = { poolMax: 10 },
): Promise<ProfilesStore & { readonly database: Database; readonly url: string }> {
  const test = await engine.create();
  const database = openDatabase(parseDatabaseUrl(test.url), options);
  await createMigrator(database.sequelize, migrations).up();
  const model = defineUserModel(database.sequelize);
  return {
    database,
    url: test.url,
    unitOfWork: createSequelizeUnitOfWork(database.sequelize, (transaction) => ({
      users: new SequelizeUserRepository(model, transaction),
    })),
    queries: new SequelizeUserQueries(model),
    close: async () => {
      await database.close();
      await test.drop();
    },
  };
}
