import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { freePort } from './child-process.ts';
import { eventually } from './eventually.ts';

/** A Redis that belongs to one test, which may do to it what it likes. It keeps its address, and nothing else. */
export interface OwnRedis {
  readonly url: string;
  /** Starts it after `kill`, and waits until it answers. */
  start(): Promise<void>;
  /** Stops the process where it is (SIGSTOP). The kernel still accepts connections for it. */
  freeze(): void;
  /** Lets it go on (SIGCONT). */
  thaw(): void;
  /** Kills it (SIGKILL), frozen or not, and waits for its end. */
  kill(): Promise<void>;
}

const program = 'redis-server';

/** Why none can be started here, or null. */
export const redisMissing: string | null = await promisify(execFile)('which', [program]).then(
  () => null,
  () => `${program} is not installed`,
);

/** Starts an empty one, and waits until it answers. */
export async function startRedis(): Promise<OwnRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let running: ChildProcess | undefined;

  const signal = (name: NodeJS.Signals): void => {
    if (running?.kill(name) !== true) throw new Error(`Redis does not run: it cannot get ${name}.`);
  };
  const redis: OwnRedis = {
    url,
    start: async () => {
      running = spawn(program, ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
        stdio: 'ignore',
      });
      await once(running, 'spawn');
      await eventually(() => answers(url), { timeoutMs: 10_000 });
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    kill: async () => {
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, 'exit');
      signal('SIGKILL');
      await ended;
    },
  };
  await redis.start();
  return redis;
}

async function answers(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
