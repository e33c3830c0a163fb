import type { DatabaseConfig } from '../../platform/database/database-config.ts';
import { createMigrator, type Migrator } from '../../platform/database/migrator.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import { migrations } from './index.ts';

/** What brings the schema up to date, on a connection of its own. */
export function openMigrator(config: DatabaseConfig): {
  readonly migrator: Migrator;
  readonly close: () => Promise<void>;
} {
  // A step of the schema may take its time.
  const database = openDatabase(config.location, { poolMax: 1, queryTimeoutMs: Number.POSITIVE_INFINITY });
  return { migrator: createMigrator(database.sequelize, migrations), close: () => database.close() };
}
