import { createDatabaseAdmission } from '../../src/platform/database/database-admission.ts';
import { createDatabaseBreaker } from '../../src/platform/database/database-breaker.ts';
import type { DatabaseEvent } from '../../src/platform/database/database-events.ts';
import { createDatabaseReader, type DatabaseReader } from '../../src/platform/database/database-reader.ts';
import { parseDatabaseUrl } from '../../src/platform/database/database-url.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createMigrator } from '../../src/platform/database/migrator.ts';
import { openDatabase } from '../../src/platform/database/open-database.ts';
import { createSqlUnitOfWork } from '../../src/platform/database/sql-unit-of-work.ts';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.ts';
import { EventStream } from '../../src/platform/telemetry/event-stream.ts';
import type { ChangeQueries } from '../../src/profiles/changes/change-journal.ts';
import { changeJournalSql, SqlChangeJournal } from '../../src/profiles/changes/sql-change-journal.ts';
import { SqlChangeQueries } from '../../src/profiles/changes/sql-change-queries.ts';
import { defineUserChangeModel } from '../../src/profiles/changes/user-change-model.ts';
import { migrations } from '../../src/profiles/migrations/index.ts';
import type { ReadModelWork } from '../../src/profiles/read-model/read-model-work.ts';
import { bindReadModelWork } from '../../src/profiles/read-model/sql-read-model-work.ts';
import { SqlUserProjection, userProjectionSql } from '../../src/profiles/read-model/sql-user-projection.ts';
import { usersReadTable } from '../../src/profiles/read-model/sql-users-read-table.ts';
import { defineUsersReadModel } from '../../src/profiles/read-model/users-read-model.ts';
import { SqlUserQueries, usersTable } from '../../src/profiles/users/sql-user-queries.ts';
import { SqlUserRepository, userSql } from '../../src/profiles/users/sql-user-repository.ts';
import { defineUserModel } from '../../src/profiles/users/user-model.ts';
import type { StoredUserQueries } from '../../src/profiles/users/user-queries.ts';
import type { Engine } from './engines.ts';
import { createInMemoryProfiles } from './in-memory-profiles.ts';
import type { UserRepositories } from './user-use-cases.ts';

/** The profile service's own view of a store: how it writes and how it reads. */
export interface ProfilesStore {
  readonly unitOfWork: UnitOfWork<UserRepositories>;
  /** Of the read model. */
  readonly queries: StoredUserQueries;
  readonly changeQueries: ChangeQueries;
  close(): Promise<void>;
}

export interface SequelizeStore extends ProfilesStore {
  readonly database: Database;
  readonly url: string;
  readonly reader: DatabaseReader;
  /** Of the table that commands write. */
  readonly usersQueries: StoredUserQueries;
  readonly readModel: UnitOfWork<ReadModelWork>;
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
  const reader = createDatabaseReader({ database, access, deadlineMs, events });
  const users = defineUserModel(database.sequelize);
  const usersSql = userSql(users);
  const changes = defineUserChangeModel(database.sequelize);
  const changesSql = changeJournalSql(changes);
  const usersRead = defineUsersReadModel(database.sequelize);
  const projectionSql = userProjectionSql(usersRead);
  const unitOfWorkOptions = { database, access, events, deadlineMs };
  return {
    database,
    url: test.url,
    events: seen,
    reader,
    unitOfWork: createSqlUnitOfWork<UserRepositories>({
      ...unitOfWorkOptions,
      bind: (statements) => ({
        users: new SqlUserRepository(usersSql, statements),
        changes: new SqlChangeJournal(changesSql, statements),
        projection: new SqlUserProjection(projectionSql, statements),
      }),
    }),
    queries: new SqlUserQueries(usersReadTable(usersRead), reader),
    usersQueries: new SqlUserQueries(usersTable(users), reader),
    readModel: createSqlUnitOfWork({ ...unitOfWorkOptions, bind: bindReadModelWork(users, usersRead) }),
    changeQueries: new SqlChangeQueries(changes, reader),
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
