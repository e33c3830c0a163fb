import { systemClock } from '../../platform/clock.ts';
import type { DatabaseConfig } from '../../platform/database/database-config.ts';
import type { DatabaseEvent } from '../../platform/database/database-events.ts';
import { createDatabaseReader } from '../../platform/database/database-reader.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import { createSqlUnitOfWork } from '../../platform/database/sql-unit-of-work.ts';
import { EventStream } from '../../platform/telemetry/event-stream.ts';
import { changeJournalSql, SqlChangeJournal } from '../changes/sql-change-journal.ts';
import { SqlUserProjection, userProjectionSql } from '../read-model/sql-user-projection.ts';
import { defineProfilesModels } from '../users/profiles-models.ts';
import { SqlUserQueries, usersTable } from '../users/sql-user-queries.ts';
import { SqlUserRepository, userSql } from '../users/sql-user-repository.ts';
import type { UserQueries } from '../users/user-queries.ts';
import { UserService } from '../users/user-service.ts';
import type { SeedOptions, SeedRepositories } from './create-seed-users.ts';

/** Of a batch: nobody waits for an answer. */
const deadlineMs = 60_000;
/** More batches at once only wait for each other's index pages and the disk. */
const concurrencyMax = 4;

/** What makes users beside a service, on connections of its own. */
export function openSeed(config: DatabaseConfig): Pick<SeedOptions, 'users' | 'unitOfWork' | 'concurrency'> & {
  readonly close: () => Promise<void>;
} {
  // SQLite takes one writer at a time.
  const concurrency = config.location.engine === 'sqlite' ? 1 : Math.min(config.poolMax, concurrencyMax);
  const database = openDatabase(config.location, { poolMax: concurrency, queryTimeoutMs: deadlineMs });
  const events = new EventStream<DatabaseEvent>(() => {});
  // As many batches as connections: nobody stands in line.
  const access = { run: <T>(action: (admitted: () => boolean) => Promise<T>) => action(() => true) };
  const models = defineProfilesModels(database);
  const [usersSql, changesSql, projectionSql] = [
    userSql(models.users),
    changeJournalSql(models.changes),
    userProjectionSql(models.usersRead),
  ];
  const unitOfWork = createSqlUnitOfWork<SeedRepositories>({
    database,
    access,
    events,
    deadlineMs,
    bind: (statements) => ({
      users: new SqlUserRepository(usersSql, statements),
      changes: new SqlChangeJournal(changesSql, statements),
      projection: new SqlUserProjection(projectionSql, statements),
    }),
  });
  const stored = new SqlUserQueries(
    usersTable(models.users),
    createDatabaseReader({ database, access, deadlineMs, events }),
  );
  const queries: UserQueries = {
    find: async (id) => ({ view: (await stored.find(id)).view, cache: 'bypass' }),
    list: async (query) => await stored.list(query),
  };
  return { users: new UserService(queries, systemClock), unitOfWork, concurrency, close: () => database.close() };
}
