import { QueryTypes, type QueryInterface, type Sequelize, type Transaction } from 'sequelize';
import { translatingErrors } from './database-errors.ts';
import { detectSqlDialect, type SqlDialect } from './sql-dialect.ts';

/** What a migration may use. Every statement takes `transaction`. */
export interface MigrationContext {
  readonly queryInterface: QueryInterface;
  readonly transaction: Transaction;
  readonly dialect: SqlDialect;
}

/**
 * One step of the schema, forward only, safe while the previous version of the service still runs.
 *
 * MySQL commits each DDL statement by itself, so `up` may be run again after it was interrupted half-way: it must
 * say `IF NOT EXISTS` or its like.
 */
export interface Migration {
  readonly name: string;
  up(context: MigrationContext): Promise<void>;
}

/** Brings the schema of one database up to date. */
export interface Migrator {
  /** Runs what is pending, in order; waits while another process does. @returns the names of what it ran */
  up(): Promise<readonly string[]>;
  status(): Promise<{ readonly executed: readonly string[]; readonly pending: readonly string[] }>;
}

const table = 'schema_migrations';
const lockWaitSecondsMax = 120;

export function createMigrator(sequelize: Sequelize, migrations: readonly Migration[]): Migrator {
  const executedNames = async (transaction?: Transaction): Promise<string[]> => {
    const rows = await sequelize.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY name`, {
      type: QueryTypes.SELECT,
      ...(transaction === undefined ? {} : { transaction }),
    });
    return rows.map(({ name }) => name);
  };

  return {
    up: async () => {
      // Whoever only looks for what is pending, as each start in production does, has no use for a tenth of a second of it.
      const { Umzug } = await import('umzug');
      return await translatingErrors(() =>
        sequelize.transaction(async (transaction) => {
          // On SQLite this transaction is the lock, and makes all of the steps one; MySQL commits DDL as it goes.
          const dialect = await detectSqlDialect(sequelize, transaction);
          await dialect.lock(sequelize, transaction, lockWaitSecondsMax);
          try {
            await sequelize.query(
              `CREATE TABLE IF NOT EXISTS ${table} (name VARCHAR(100) NOT NULL PRIMARY KEY, executed_at VARCHAR(30) NOT NULL)`,
              { transaction },
            );
            const context: MigrationContext = { queryInterface: sequelize.getQueryInterface(), transaction, dialect };
            const umzug = new Umzug({
              migrations: migrations.map((migration) => ({ name: migration.name, up: () => migration.up(context) })),
              logger: undefined,
              storage: {
                executed: () => executedNames(transaction),
                logMigration: async ({ name }) => {
                  const replacements = [name, new Date().toISOString()];
                  await sequelize.query(`INSERT INTO ${table} (name, executed_at) VALUES (?, ?)`, {
                    replacements,
                    transaction,
                  });
                },
                unlogMigration: () => Promise.reject(new Error('Migrations only go forward.')),
              },
            });
            return (await umzug.up()).map(({ name }) => name);
          } finally {
            // A lock dies with its connection; why that broke is the error to tell.
            await dialect.unlock(sequelize, transaction).catch(() => {});
          }
        }),
      );
    },

    status: async () =>
      await translatingErrors(async () => {
        const exists = await sequelize.getQueryInterface().tableExists(table);
        const executed = exists ? await executedNames() : [];
        const pending = migrations.map(({ name }) => name).filter((name) => !executed.includes(name));
        return { executed, pending };
      }),
  };
}
