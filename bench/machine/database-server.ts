import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir, totalmem, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type BenchProcess, freePort, startProcess } from './processes.ts';

const execute = promisify(execFile);
const image = 'mysql:9.7';

/** A MySQL or MariaDB that the benchmark may make databases in. */
export interface DatabaseServer {
  /** Of an account that may do everything, without a database. */
  readonly url: string;
  /** What it is, and the settings that decide what a write costs. */
  readonly description: string;
  /** Ends it if it is the benchmark's own. */
  stop(): Promise<void>;
}

interface Started {
  readonly url: string;
  /** Whose it is and where it runs, for people. */
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * The server at `url`, or the first that can be started here: MariaDB's or MySQL's program on a folder of its own, or
 * MySQL in a container.
 *
 * @throws Error that says what is missing
 */
export async function openDatabaseServer(url: string | null, cores: string | null): Promise<DatabaseServer> {
  const started =
    url === null
      ? await startHere(cores)
      : { url: url.replace(/\/$/, ''), origin: 'as it was found', stop: async () => {} };
  try {
    return { ...started, description: `${await describe(started.url)}; ${started.origin}` };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

async function startHere(cores: string | null): Promise<Started> {
  if (await succeeds('mariadbd', '--version')) return await startProgram(mariadb, cores);
  if (await succeeds('mysqld', '--version')) return await startProgram(mysql, cores);
  if (await succeeds('docker', 'info')) return await startContainer();
  throw new Error(
    'There is no database to measure with: name one (--database-url mysql://root@127.0.0.1:3306), install the server of MariaDB or MySQL, or start Docker.',
  );
}

/** All users of a full run take 3.5 GiB, and what is made of them while it lasts does not fit into 4. */
const bufferPoolMiBMax = 8_192;

/**
 * What is acknowledged is on the disk, once: there is no binary log. All rows fit into memory, if it is there: a server
 * that has no room left in it has stood still for minutes.
 */
const settings: readonly string[] = [
  '--innodb-flush-log-at-trx-commit=1',
  '--skip-log-bin',
  '--max-connections=300',
  `--innodb-buffer-pool-size=${Math.min(bufferPoolMiBMax, Math.floor((totalmem() / 2 ** 20) * 0.4))}M`,
];

interface Program {
  readonly file: string;
  readonly own: readonly string[];
  readonly initialise: (user: string, data: string) => Promise<unknown>;
}

const mariadb: Program = {
  file: 'mariadbd',
  own: ['--innodb-log-file-size=1G'],
  initialise: (user, data) =>
    execute('mariadb-install-db', [
      '--no-defaults',
      user,
      data,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]),
};

const mysql: Program = {
  file: 'mysqld',
  own: ['--innodb-redo-log-capacity=1G', '--mysqlx=OFF'],
  initialise: (user, data) => execute('mysqld', ['--no-defaults', '--initialize-insecure', user, data]),
};

/** Two million users, the log and what is sorted. */
const roomBytes = 8 * 2 ** 30;

/**
 * In memory where there is room and no folder has been asked for: how long a disk takes to say that something is written can change tenfold within a
 * minute when others use it, and is no matter of the service's.
 */
async function parentFolder(): Promise<{ readonly path: string; readonly where: string }> {
  if (process.env['TMPDIR'] !== undefined) return { path: tmpdir(), where: 'in TMPDIR' };
  const memory = '/dev/shm';
  const found = await statfs(memory).catch(() => null);
  const hasRoom = found !== null && found.bavail * found.bsize >= roomBytes;
  return hasRoom ? { path: memory, where: 'in memory (tmpfs)' } : { path: tmpdir(), where: 'on disk' };
}

async function startProgram({ file, own, initialise }: Program, cores: string | null): Promise<Started> {
  const parent = await parentFolder();
  const home = await mkdtemp(join(parent.path, 'profiles-bench-database-'));
  let server: BenchProcess | undefined;
  const stop = async (): Promise<void> => {
    await server?.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    const user = `--user=${userInfo().username}`;
    const data = `--datadir=${join(home, 'data')}`;
    await initialise(user, data);
    const place = [`--socket=${join(home, 'socket')}`, '--bind-address=127.0.0.1', `--port=${port}`];
    const command = [file, '--no-defaults', user, data, ...place, ...settings, ...own] as const;
    server = await startProcess(command, { cores, port });
    const url = `mysql://root@127.0.0.1:${port}`;
    await server.becomesReady(() => describe(url));
    return { url, origin: `started for this, its files ${parent.where}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startContainer(): Promise<Started> {
  const port = await freePort();
  const name = `profiles-bench-${randomBytes(6).toString('hex')}`;
  const options = [
    '--rm',
    '--name',
    name,
    '--publish',
    `127.0.0.1:${port}:3306`,
    '--env',
    'MYSQL_ALLOW_EMPTY_PASSWORD=1',
  ];
  const container = await startProcess(['docker', 'run', ...options, image, 'mysqld', ...settings, ...mysql.own], {
    // Where the engine is.
    env: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (name.startsWith('DOCKER_') ? [[name, value ?? '']] : [])),
    ),
    cores: null,
    port,
  });
  const stop = async (): Promise<void> => {
    await execute('docker', ['rm', '--force', '--volumes', name]);
    await container.stop();
  };
  try {
    const url = `mysql://root@127.0.0.1:${port}`;
    await container.becomesReady(() => describe(url));
    return { url, origin: 'started for this in a container, on any core', stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function describe(url: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
  try {
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT VERSION() AS version, @@version_comment AS comment, @@innodb_flush_log_at_trx_commit AS flush, @@sync_binlog AS sync, @@log_bin AS log, @@innodb_buffer_pool_size AS pool',
    );
    if (row === undefined) throw new Error(`The server at ${url} does not say what it is.`);
    const product = /mariadb/i.test(`${row['version']}`) ? 'MariaDB' : 'MySQL';
    const binaryLog = Number(row['log']) === 0 ? 'no binary log' : `sync_binlog=${row['sync']}`;
    const pool = `innodb_buffer_pool_size=${Number(row['pool']) / 2 ** 20} MiB`;
    return `${product} ${row['version']}, innodb_flush_log_at_trx_commit=${row['flush']}, ${binaryLog}, ${pool}`;
  } finally {
    await connection.end();
  }
}

async function succeeds(file: string, ...args: readonly string[]): Promise<boolean> {
  return await execute(file, [...args]).then(
    () => true,
    () => false,
  );
}
