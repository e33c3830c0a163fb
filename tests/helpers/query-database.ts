import { QueryTypes } from 'sequelize';
import { parseDatabaseUrl } from '../../src/platform/database/database-url.ts';
import { openDatabase } from '../../src/platform/database/open-database.ts';

export type Row = Record<string, unknown>;

/** Asks a database behind the service's back, on a connection of its own. @returns nothing when it is told to change */
export async function queryDatabase(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const { sequelize, close } = openDatabase(parseDatabaseUrl(url), { poolMax: 1, queryTimeoutMs: 10_000 });
  try {
    if (sql.startsWith('SELECT')) return await sequelize.query(sql, { type: QueryTypes.SELECT, replacements: values });
    await sequelize.query(sql, { replacements: values });
    return [];
  } finally {
    await close();
  }
}
