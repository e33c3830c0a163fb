import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { toChangeRow } from '../../src/profiles/changes/user-change-model.ts';
import { numberedUserId } from '../../src/profiles/seed/numbered-user-id.ts';
import { toRow } from '../../src/profiles/users/user-model.ts';
import { createProgressLine } from '../../src/platform/progress-line.ts';
import { viewOf } from '../../src/profiles/users/user-view.ts';
import { repositoryRoot } from '../machine/processes.ts';
import { benchUser } from './bench-users.ts';

const batchRows = 1_000;
/** Each commit waits for the disk. */
const batchesPerCommit = 20;

const settleTimeoutMs = 60_000;
const settleIntervalMs = 250;
/** Of 16 KiB each: a second's work for a slow disk. */
const dirtyPagesMax = 1_000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Makes the database `profiles_bench_<count>` anew, with the service's own schema and `count` users, as if each had been
 * created through the API.
 */
export async function loadUsers(
  serverUrl: string,
  count: number,
): Promise<{ readonly users: number; readonly url: string }> {
  const database = databaseName(count);
  const url = `${serverUrl}/${database}`;
  const connection = await createConnection({ uri: serverUrl, timezone: 'Z' });
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${database}`);
    await connection.query(`CREATE DATABASE ${database}`);
    // While there are no users, so that the read model counts as complete.
    await promisify(execFile)(process.execPath, ['src/main/migrate.ts'], {
      cwd: repositoryRoot,
      env: { ...process.env, DATABASE_URL: url },
    });
    await connection.query(`USE ${database}`);
    await connection.query('SET SESSION unique_checks = 0');
    await insertUsers(connection, count);
    await connection.query('ANALYZE TABLE users, user_changes, users_read');
    // Returns when all their pages are on the disk: writing them later would cost whoever is measured then.
    await connection.query('FLUSH TABLES users, user_changes, users_read FOR EXPORT');
    await connection.query('UNLOCK TABLES');
    return { users: count, url };
  } finally {
    await connection.end();
  }
}

async function insertUsers(connection: Connection, count: number): Promise<void> {
  const progress = createProgressLine('users', process.stderr);
  try {
    await connection.query('BEGIN');
    let sent: Promise<void> = Promise.resolve();
    for (let first = 0, batch = 1; first < count; first += batchRows, batch++) {
      const rows = rowsOf(first, Math.min(count, first + batchRows));
      // The next rows are made while the database takes these.
      await sent;
      progress.update(first, count);
      sent = insertRows(connection, rows, batch % batchesPerCommit === 0);
    }
    await sent;
    await connection.query('COMMIT');
    progress.update(count, count);
  } finally {
    progress.end();
  }
}

interface Rows {
  readonly users: Row[];
  readonly changes: Row[];
  readonly views: Row[];
}

function rowsOf(from: number, to: number): Rows {
  const rows: Rows = { users: [], changes: [], views: [] };
  for (let n = from; n < to; n++) {
    const user = benchUser(n);
    const id = numberedUserId(n);
    const change = toChangeRow({
      id,
      userId: id,
      version: user.version,
      kind: 'created',
      fields: ['name', 'email', 'phone', 'displayName', 'metadata'],
      changedAt: user.createdAt,
      requestId: id,
    });
    const row = toRow(user);
    const { nameKey, displayNameKey, emailKey, emailSearchKey, createdAt } = row;
    const keys = { nameKey, displayNameKey, emailKey, emailSearchKey, createdAt };
    rows.users.push({ ...row });
    rows.changes.push({ seq: n + 1, ...change });
    rows.views.push({ ...viewOf(user, n + 1), ...keys });
  }
  return rows;
}

async function insertRows(connection: Connection, rows: Rows, andCommit: boolean): Promise<void> {
  await insertInto(connection, 'users', rows.users);
  await insertInto(connection, 'user_changes', rows.changes);
  await insertInto(connection, 'users_read', rows.views);
  if (!andCommit) return;
  await connection.query('COMMIT');
  await connection.query('BEGIN');
}

async function insertInto(connection: Connection, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).map(columnName);
  await connection.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [
    rows.map((row) => Object.values(row)),
  ]);
}

/** As the models call their columns. */
function columnName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Waits until the server has little left to write, at most a minute. */
export async function settle(serverUrl: string): Promise<void> {
  const connection = await createConnection({ uri: serverUrl });
  try {
    const expiresAt = performance.now() + settleTimeoutMs;
    while ((await dirtyPages(connection)) > dirtyPagesMax && performance.now() < expiresAt)
      await delay(settleIntervalMs);
  } finally {
    await connection.end();
  }
}

async function dirtyPages(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'");
  return Number(row?.['Value'] ?? 0);
}

/** Deletes what `loadUsers` has made. */
export async function dropUsers(serverUrl: string, count: number): Promise<void> {
  const connection = await createConnection({ uri: serverUrl });
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${databaseName(count)}`);
  } finally {
    await connection.end();
  }
}

function databaseName(count: number): string {
  return `profiles_bench_${count}`;
}
