import type { DatabaseConfig } from '../../platform/database/database-config.ts';
import type { DatabaseEvent } from '../../platform/database/database-events.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import { createSqlUnitOfWork } from '../../platform/database/sql-unit-of-work.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { EventStream } from '../../platform/telemetry/event-stream.ts';
import { defineUserModel } from '../users/user-model.ts';
import type { ReadModelWork } from './read-model-work.ts';
import { bindReadModelWork } from './sql-read-model-work.ts';
import { defineUsersReadModel } from './users-read-model.ts';

const deadlineMs = 60_000;

/** The work on the read model, on a connection of its own. */
export function openReadModel(config: DatabaseConfig): {
  readonly readModel: UnitOfWork<ReadModelWork>;
  readonly close: () => Promise<void>;
} {
  const database = openDatabase(config.location, { poolMax: 1, queryTimeoutMs: deadlineMs });
  const readModel = createSqlUnitOfWork({
    database,
    // There is nobody else to share the connection with.
    access: { run: (action) => action(() => true) },
    events: new EventStream<DatabaseEvent>(() => {}),
    deadlineMs,
    bind: bindReadModelWork(defineUserModel(database.sequelize), defineUsersReadModel(database.sequelize)),
  });
  return { readModel, close: () => database.close() };
}
