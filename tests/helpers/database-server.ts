import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort } from './child-process.ts';
import { docker, dockerMissing } from './docker-compose.ts';
import { eventually } from './eventually.ts';

/** A database server that belongs to one test, which may do to it what it likes. It keeps its address and its data. */
export interface OwnDatabaseServer {
  /** Of an account that may do everything, without a database: `mysql://root@127.0.0.1:<port>`. */
  readonly url: string;
  /** What it leaves on the machine: its folder, or its container. */
  readonly home: string;
  /** Stops the process where it is (SIGSTOP). The kernel still accepts connections for it. */
  freeze(): Promise<void>;
  /** Lets it go on (SIGCONT). */
  thaw(): Promise<void>;
  /** Kills it (SIGKILL), frozen or not, and waits for its end. */
  kill(): Promise<void>;
  /** Ends it in good order (SIGTERM), thawed if it was frozen, and waits for its end. */
  stop(): Promise<void>;
  /** Starts it after `kill` or `stop`, and waits until it answers. */
  start(): Promise<void>;
  /** Kills it and deletes all that belongs to it. */
  remove(): Promise<void>;
}

export interface OwnServerKind {
  readonly name: 'MariaDB' | 'MySQL';
  /** Why none can be launched here, or null. */
  readonly missing: string | null;
  /** Makes an empty one, and waits until it answers. */
  launch(): Promise<OwnDatabaseServer>;
}

const execute = promisify(execFile);
const mariadbPrograms = ['mariadbd', 'mariadb-install-db'] as const;
const image = 'mysql:9.7';
/** By which what a run that was killed has left can be found. */
const label = 'profiles.test=database-server';

/** What is acknowledged is on the disk. */
const durable = '--innodb-flush-log-at-trx-commit=1';

/** Those that tests can kill. MariaDB is a process of this machine, MySQL runs in a container. */
export const ownServers: readonly OwnServerKind[] = [
  { name: 'MariaDB', missing: await mariadbMissing(), launch: async () => await started(await OwnMariadb.create()) },
  { name: 'MySQL', missing: await dockerMissing(), launch: async () => await started(await OwnMysql.create()) },
];

/** A MariaDB with further options, such as those of replication. */
export async function launchMariadb(options: readonly string[]): Promise<OwnDatabaseServer> {
  return await started(await OwnMariadb.create(options));
}

async function started(server: OwnDatabaseServer): Promise<OwnDatabaseServer> {
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

class OwnMariadb implements OwnDatabaseServer {
  readonly url: string;
  readonly home: string;
  readonly #port: number;
  readonly #options: readonly string[];
  #initialised = false;
  #process: ChildProcess | undefined;

  private constructor(port: number, home: string, options: readonly string[]) {
    this.#port = port;
    this.#options = options;
    this.url = urlOf(port);
    this.home = home;
  }

  static async create(options: readonly string[] = []): Promise<OwnMariadb> {
    return new OwnMariadb(await freePort(), await mkdtemp(join(tmpdir(), 'profiles-mariadb-')), options);
  }

  async freeze(): Promise<void> {
    this.#signal('SIGSTOP');
    // A thread that is in the middle of a system call stops a moment later.
    await eventually(async () => {
      const states = await threadStates(this.#process?.pid);
      if (states.some((state) => state !== 'T')) throw new Error(`The threads of MariaDB are in ${states.join('')}.`);
    });
  }

  async thaw(): Promise<void> {
    this.#signal('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async start(): Promise<void> {
    const user = `--user=${userInfo().username}`;
    const data = `--datadir=${join(this.home, 'data')}`;
    const access = '--auth-root-authentication-method=normal';
    if (!this.#initialised) await execute(mariadbPrograms[1], ['--no-defaults', user, data, access, '--skip-test-db']);
    this.#initialised = true;

    const log = join(this.home, 'mariadb.log');
    const place = [`--socket=${join(this.home, 'socket')}`, '--bind-address=127.0.0.1', `--port=${this.#port}`];
    const args = ['--no-defaults', user, data, ...place, `--log-error=${log}`, durable, ...this.#options];
    this.#process = spawn(mariadbPrograms[0], args, { stdio: 'ignore' });
    await once(this.#process, 'spawn');
    await becomesReady(this.url, async () => (this.#runs ? null : await readFile(log, 'utf8')));
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.home, { recursive: true, force: true });
  }

  get #runs(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#process?.kill(name) !== true) throw new Error(`MariaDB does not run: it cannot get ${name}.`);
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    if (this.#process === undefined || !this.#runs) return;
    const ended = once(this.#process, 'exit');
    this.#signal(name);
    // A frozen process would hear of an orderly end only when it thaws.
    this.#signal('SIGCONT');
    await ended;
  }
}

class OwnMysql implements OwnDatabaseServer {
  readonly url: string;
  readonly home: string;

  private constructor(port: number, home: string) {
    this.url = urlOf(port);
    this.home = home;
  }

  static async create(): Promise<OwnMysql> {
    const port = await freePort();
    const home = `profiles-test-mysql-${randomBytes(6).toString('hex')}`;
    const options = ['--name', home, '--label', label, '--publish', `127.0.0.1:${port}:3306`];
    // Its data is in a volume of the container's own, which ends with it.
    await docker('create', ...options, '--env', 'MYSQL_ALLOW_EMPTY_PASSWORD=1', image, 'mysqld', durable);
    return new OwnMysql(port, home);
  }

  async freeze(): Promise<void> {
    await this.#signal('STOP');
    await eventually(async () => {
      const processes = await docker('top', this.home, '-eo', 'pid,stat');
      if (!/^\d+\s+T/m.test(processes)) throw new Error(`MySQL is not stopped:\n${processes}`);
    });
  }

  async thaw(): Promise<void> {
    await this.#signal('CONT');
  }

  async kill(): Promise<void> {
    await this.#end('KILL');
  }

  async stop(): Promise<void> {
    // A frozen process would hear of an orderly end only when it thaws.
    if (await this.#runs()) await this.thaw();
    await this.#end('TERM');
  }

  async start(): Promise<void> {
    await docker('start', this.home);
    await becomesReady(this.url, async () => ((await this.#runs()) ? null : await docker('logs', this.home)));
  }

  async remove(): Promise<void> {
    await docker('rm', '--force', '--volumes', this.home);
  }

  async #runs(): Promise<boolean> {
    return (await docker('inspect', '--format', '{{.State.Running}}', this.home)) === 'true';
  }

  async #signal(name: string): Promise<void> {
    await docker('kill', `--signal=${name}`, this.home);
  }

  async #end(signal: string): Promise<void> {
    if (!(await this.#runs())) return;
    await this.#signal(signal);
    await docker('wait', this.home);
  }
}

function urlOf(port: number): string {
  return `mysql://root@127.0.0.1:${port}`;
}

async function mariadbMissing(): Promise<string | null> {
  try {
    await execute('which', mariadbPrograms);
    return null;
  } catch (error) {
    return `the programs of a MariaDB server are not installed (${messageOf(error)})`;
  }
}

/** The state of each thread, of which `T` is stopped. */
async function threadStates(pid: number | undefined): Promise<readonly string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const statusOf = (thread: string) => readFile(`/proc/${pid}/task/${thread}/status`, 'utf8');
  const statuses = await Promise.all(threads.map(statusOf));
  return statuses.map((status) => /^State:\s+(\S)/m.exec(status)?.[1] ?? '?');
}

/** Waits for the answer to a query. @throws Error with what `ended` says when the server has */
async function becomesReady(url: string, ended: () => Promise<string | null>): Promise<void> {
  const state: { log: string | null } = { log: null };
  const assertion = async (): Promise<void> => {
    state.log = await ended();
    // There is nothing to wait for any more.
    if (state.log !== null) return;
    const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
    try {
      await connection.query('SELECT 1');
    } finally {
      connection.destroy();
    }
  };
  await eventually(assertion, { timeoutMs: 60_000 });
  if (state.log !== null) throw new Error(`The server at ${url} has ended:\n${state.log}`);
}

/** Errors of Node.js's own are no instances of the `Error` that Jest gives to tests. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown';
}
