import { join } from 'node:path';
import { expect } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { type ChildProcess, type Exit, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { eventually } from '../helpers/eventually.ts';
import { createHttpClient, type HttpClient } from './acceptance/http-client.ts';

const main = (file: string): [string, string] => [process.execPath, join(repositoryRoot, 'src/main', file)];

/** The service as it runs in production, which can be killed and started again at the same address. */
export interface ServiceProcess {
  readonly api: HttpClient;
  /** What all its lives have written so far. */
  readonly output: string;
  start(): Promise<void>;
  /** Sends a signal that it survives, as those that stop it and let it go on. */
  signal(signal: NodeJS.Signals): void;
  kill(signal: NodeJS.Signals): Promise<Exit>;
  /** Waits until `/ready` says that it is. */
  becomesReady(timeoutMs: number): Promise<void>;
}

/**
 * Brings the schema up to date and starts the service, without a provider. What `settings` leaves open has its default,
 * but for the drain: nobody is balancing any load.
 */
export async function startService(
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  await migrate(databaseUrl);
  const port = await freePort();
  const api = createHttpClient(`http://127.0.0.1:${port}`);
  const given = { PORT: `${port}`, DATABASE_URL: databaseUrl, ENRICHMENT_URL: 'http://127.0.0.1:9' };
  const env = { ...given, SHUTDOWN_DRAIN_MS: '0', ...settings };
  const ended: string[] = [];
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    child = startProcess(main('profiles.ts'), { env });
    try {
      await child.printed(/Listening/);
    } catch (error) {
      await child.kill('SIGKILL');
      throw error;
    }
  };
  await start();
  return {
    api,
    get output() {
      return ended.join('') + child.output;
    },
    start: async () => {
      ended.push(child.output);
      await start();
    },
    signal: (signal) => child.signal(signal),
    kill: async (signal) => await child.kill(signal),
    becomesReady: async (timeoutMs) => {
      await eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(200), { timeoutMs });
    },
  };
}

export async function migrate(databaseUrl: string): Promise<void> {
  const child = startProcess(main('migrate.ts'), { env: { DATABASE_URL: databaseUrl } });
  expect({ ...(await child.exited), output: child.output }).toMatchObject({ code: 0 });
}

/** Makes an empty database on a server of the test's own. @returns its URL */
export async function createDatabase(serverUrl: string): Promise<string> {
  const connection = await createConnection({ uri: serverUrl });
  try {
    await connection.query('CREATE DATABASE profiles');
  } finally {
    await connection.end();
  }
  return `${serverUrl}/profiles`;
}
