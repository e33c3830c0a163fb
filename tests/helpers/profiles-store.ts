import { createDatabaseAdmission } from '../../src/platform/database/database-admission.ts';
import { createDatabaseBreaker } from '../../src/platform/database/database-breaker.ts';
import type { DatabaseEvent } from '../../src/platform/database/database-events.ts';
import { createDatabaseReader } from '../../src/platform/database/database-reader.ts';
import { parseDatabaseUrl } from '../../src/platform/database/database-url.ts';
import { createMigrator } from '../../src/platform/database/migrator.ts';
import { type Database, openDatabase } from '../../src/platform/database/sequelize.ts';
import { createSequelizeUnitOfWork } from '../../src/platform/database/sequelize-unit-of-work.ts';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.ts';
import { EventStream } from '../../src/platform/telemetry/event-stream.ts';
import type { ChangeQueries } from '../../src/profiles/changes/change-journal.ts';
import { SequelizeChangeJournal } from '../../src/profiles/changes/sequelize-change-journal.ts';
import { SequelizeChangeQueries } from '../../src/profiles/changes/sequelize-change-queries.ts';
import { defineUserChangeModel } from '../../src/profiles/changes/user-change-model.ts';
import { migrations } from '../../src/profiles/migrations/index.ts';
import { SequelizeUserQueries } from '../../src/profiles/users/sequelize-user-queries.ts';
import { SequelizeUserRepository } from '../../src/profiles/users/sequelize-user-repository.ts';
import { defineUserModel } from '../../src/profiles/users/user-model.ts';
import type { UserQueries } from '../../src/profiles/users/user-queries.ts';
import type { Engine } from './engines.ts';
import { createInMemoryProfiles } from './in-memory-profiles.ts';
import type { UserRepositories } from './user-use-cases.ts';

/** The profile service's own view of a store: how it writes and how it reads. */
export interface ProfilesStore {
  readonly unitOfWork: UnitOfWork<UserRepositories>;
  readonly queries: UserQueries;
  readonly changeQueries: ChangeQueries;
  close(): Promise<void>;
}

export interface SequelizeStore extends ProfilesStore {
  readonly database: Database;
  readonly url: string;
  /** What was told of the database so far. */
  readonly events: readonly DatabaseEvent[];
}

export interface SequelizeStoreOptions {
  readonly poolMax?: number;
  readonly queryTimeoutMs?: number;
  readonly breakerFailures?: number;
  /** The way to the database, for a test that has put something in between. */
  readonly via?: (url: string) => Promise<string>;
}

export function openInMemoryStore(): Promise<ProfilesStore> {
  return Promise.resolve({ ...createInMemoryProfiles(), close: () => Promise.resolve() });
}

/** An empty, migrated database of the engine, behind the real repositories. */
export async function openSequelizeStore(engine: Engine, options: SequelizeStoreOptions = {}): Promise<SequelizeStore> {
  const { poolMax = 10, queryTimeoutMs = 3_000, breakerFailures = 5, via } = options;
  const test = await engine.create();
  await migrate(test.url);

  const database = openDatabase(parseDatabaseUrl((await via?.(test.url)) ?? test.url), { poolMax, queryTimeoutMs });
  const seen: DatabaseEvent[] = [];
  const events = new EventStream<DatabaseEvent>((error) => {
    throw error;
  });
  events.subscribe((event) => {
    if (event.type !== 'call-ended') seen.push(event);
  });
  const deadlineMs = queryTimeoutMs;
  const breaker = createDatabaseBreaker({ consecutiveFailures: breakerFailures, deadlineMs, events });
  const line = { concurrency: poolMax, queueMax: 100, queueTimeoutMs: 2_000 };
  const access = createDatabaseAdmission({ breaker, ...line, deadlineMs, events });
  const reader = createDatabaseReader({ access, deadlineMs, events });
  const users = defineUserModel(database.sequelize);
  const changes = defineUserChangeModel(database.sequelize);
  return {
    database,
    url: test.url,
    events: seen,
    unitOfWork: createSequelizeUnitOfWork<UserRepositories>({
      database,
      access,
      events,
      deadlineMs,
      bind: (transaction) => ({
        users: new SequelizeUserRepository(users, transaction),
        changes: new SequelizeChangeJournal(changes, transaction),
      }),
    }),
    queries: new SequelizeUserQueries(users, reader),
    changeQueries: new SequelizeChangeQueries(changes, reader),
    close: async () => {
      breaker.shutdown();
      await database.close();
      await test.drop();
    },
  };
}

async function migrate(url: string): Promise<void> {
  const database = openDatabase(parseDatabaseUrl(url), { poolMax: 1, queryTimeoutMs: Number.POSITIVE_INFINITY });
  try {
    await createMigrator(database.sequelize, migrations).up();
  } finally {
    await database.close();
  }
}
