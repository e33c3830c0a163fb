import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { describeWith } from './services.ts';

/** A database that belongs to one test file. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** One of the engines that the service promises to behave the same on. */
export interface Engine {
  readonly name: 'SQLite' | 'MariaDB' | 'MySQL';
  /** Why it cannot be used here, or null. */
  readonly missing: string | null;
  /** Makes an empty database. */
  create(): Promise<TestDatabase>;
}

const sqlite: Engine = {
  name: 'SQLite',
  missing: null,
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'profiles-'));
    return { url: `sqlite:${join(folder, 'profiles.sqlite')}`, drop: () => rm(folder, { recursive: true }) };
  },
};

/** The servers' addresses, as an account that may create databases; the defaults are those of CI. */
const mariadb = await server('MariaDB', process.env['TEST_MARIADB_URL'] ?? 'mysql://root@127.0.0.1:3306', /mariadb/i);
const mysql = await server('MySQL', process.env['TEST_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3317', /^(?!.*mariadb)/i);

export const engines: readonly Engine[] = [sqlite, mariadb, mysql];

/** Runs the same tests on each engine; one that is not there is skipped by name, or fails in CI. */
export function describeOnEachEngine(name: string, tests: (engine: Engine) => void): void {
  for (const engine of engines) describeWith(engine.missing, `${name} on ${engine.name}`, () => tests(engine));
}

async function server(name: 'MariaDB' | 'MySQL', url: string, version: RegExp): Promise<Engine> {
  return {
    name,
    missing: await whyNot(name, url, version),
    create: async () => {
      const database = `profiles_test_${randomBytes(6).toString('hex')}`;
      await execute(url, `CREATE DATABASE ${database}`);
      return { url: `${url.replace(/\/$/, '')}/${database}`, drop: () => execute(url, `DROP DATABASE ${database}`) };
    },
  };
}

async function whyNot(name: string, url: string, version: RegExp): Promise<string | null> {
  const where = `${name} at ${new URL(url).host}`;
  try {
    const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
    const [rows] = await connection.query('SELECT VERSION() AS version');
    await connection.end();
    const found = String((rows as { version: string }[])[0]?.version);
    return version.test(found) ? null : `${where} says that it is ${found}`;
  } catch (error) {
    return `${where} is not reachable (${messageOf(error)})`;
  }
}

/** Errors of Node.js's own are no instances of the `Error` that Jest gives to tests. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown';
}

async function execute(url: string, statement: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
