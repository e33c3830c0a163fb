import type { DatabaseConfig } from '../../platform/database/database-config.ts';
import { createMigrator, type Migrator } from '../../platform/database/migrator.ts';
import { openDatabase } from '../../platform/database/open-database.ts';
import { migrations } from './index.ts';

/**
 * What brings the schema up to date, on a connection of its own.
 *
 * @param applies whether it may change the schema, a step of which may take its time
 */
export function openMigrator(
  config: DatabaseConfig,
  { applies }: { readonly applies: boolean },
): { readonly migrator: Migrator; readonly close: () => Promise<void> } {
  const queryTimeoutMs = applies ? Number.POSITIVE_INFINITY : config.queryTimeoutMs;
  const database = openDatabase(config.location, { poolMax: 1, queryTimeoutMs });
  return { migrator: createMigrator(database.sequelize, migrations), close: () => database.close() };
}
