import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { eventually } from '../helpers/eventually.ts';
import { createHttpClient, type HttpClient } from './acceptance/http-client.ts';

/** A line of the log, parsed. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly worker?: number;
  readonly requestId?: string;
  readonly [field: string]: unknown;
}

/** The service with several workers, as it runs in production. */
export interface SupervisedService {
  readonly api: HttpClient;
  readonly process: ChildProcess;
  readonly lines: readonly LogLine[];
  /** How often a message was logged. */
  count(message: string): number;
  /** The processes of its workers, those that start or leave included. */
  workers(): Promise<readonly number[]>;
  /** Signals the supervisor alone, as a process manager does. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts it over a schema that is up to date, without a drain. */
export async function launchSupervised(
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
  cwd?: string,
  node: string = process.execPath,
): Promise<SupervisedService> {
  const port = settings['PORT'] ?? `${await freePort()}`;
  const given = { PORT: port, DATABASE_URL: databaseUrl, ENRICHMENT_URL: 'http://127.0.0.1:9', WORKERS: '2' };
  const env = { ...given, SHUTDOWN_DRAIN_MS: '0', SHUTDOWN_GRACE_MS: '5000', ...settings };
  const command: [string, string] = [node, join(repositoryRoot, 'src/main/profiles.ts')];
  const child = startProcess(command, { env, ...(cwd === undefined ? {} : { cwd }) });

  const linesOf = (): LogLine[] =>
    child.output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  return {
    api: createHttpClient(`http://127.0.0.1:${port}`),
    process: child,
    get lines() {
      return linesOf();
    },
    count: (message) => linesOf().filter(({ msg }) => msg === message).length,
    workers: async () => await childrenOf(child.pid),
    signal: (signal) => void process.kill(pidOf(child), signal),
  };
}

/** As `launchSupervised`, and waits until all workers are ready. */
export async function startSupervised(...args: Parameters<typeof launchSupervised>): Promise<SupervisedService> {
  const service = await launchSupervised(...args);
  const wanted = Number(args[1]?.['WORKERS'] ?? 2);
  await eventually(() => expect(service.count('Ready')).toBe(wanted), { timeoutMs: 30_000 });
  return service;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('The service was not started.');
  return pid;
}

async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
