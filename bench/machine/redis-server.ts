import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { type BenchProcess, freePort, startProcess } from './processes.ts';

const program = 'redis-server';

export interface RedisServer {
  readonly url: string;
  readonly description: string;
  readonly process: BenchProcess;
}

/** An empty one, that keeps nothing; null when it is not installed. */
export async function startRedisServer(cores: string | null): Promise<RedisServer | null> {
  const version = await promisify(execFile)(program, ['--version']).catch(() => null);
  if (version === null) return null;
  const port = await freePort();
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const process = await startProcess([program, ...options], { cores, port });
  const url = `redis://127.0.0.1:${port}`;
  await process.becomesReady(() => ping(url));
  return { url, process, description: `Redis ${/v=(\S+)/.exec(version.stdout)?.[1] ?? 'of an unknown version'}` };
}

async function ping(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
