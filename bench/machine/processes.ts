import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

const stopTimeoutMs = 15_000;
const readyTimeoutMs = 60_000;
const readyIntervalMs = 50;
/** What is kept of its words, for the case that it ends. */
const wordsMax = 4_000;

/** Those that have not ended yet: what is still being started at an early end is known to nobody else. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGTERM')));

/** A process that the benchmark has started. */
export interface BenchProcess {
  readonly pid: number;
  readonly port: number;
  /** Waits until `check` no longer throws. @throws Error with its last words when the process ends before that */
  becomesReady(check: () => Promise<unknown>): Promise<void>;
  /** Ends it in good order, and after 15 seconds in any other. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  /** Nothing else is inherited but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** The cores that it may use, as `taskset` takes them; null: all. */
  readonly cores: string | null;
  readonly port: number;
  /** A file descriptor that takes what it prints; otherwise the end of it is kept for errors. */
  readonly stdout?: number;
}

/** Runs a program. It is ended with the benchmark, also when that is killed, if the system has `setpriv`. */
export async function startProcess(
  command: readonly [string, ...string[]],
  { env = {}, cores, port, stdout }: ProcessOptions,
): Promise<BenchProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const placed = cores === null ? command : (['taskset', '-c', cores, ...command] as const);
  const [file, ...args] = (await canEndWithParent()) ? ([...endingWithParent, ...placed] as const) : placed;
  const child = spawn(file, args, {
    cwd: repositoryRoot,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-wordsMax)));
  }
  running.add(child);
  child.once('exit', () => running.delete(child));
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command.join(' ')} did not start.`);

  return {
    pid,
    port,
    becomesReady: async (check) => {
      const expiresAt = performance.now() + readyTimeoutMs;
      for (;;) {
        if (hasEnded(child)) throw new Error(`${command.join(' ')} has ended:\n${words}`);
        try {
          await check();
          return;
        } catch (cause) {
          if (performance.now() > expiresAt) throw new Error(`${command.join(' ')} is not ready:\n${words}`, { cause });
        }
        await delay(readyIntervalMs);
      }
    },
    stop: async () => {
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const inTime = await Promise.race([ended, delay(stopTimeoutMs, null, { ref: false })]);
      if (inTime === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The system sends SIGTERM to what is started so when the process that has started it is gone. */
const endingWithParent = ['setpriv', '--pdeathsig', 'TERM', '--'] as const;
let endsWithParent: Promise<boolean> | undefined;

async function canEndWithParent(): Promise<boolean> {
  const [file, ...args] = endingWithParent;
  endsWithParent ??= promisify(execFile)(file, [...args, 'true']).then(
    () => true,
    () => false,
  );
  return await endsWithParent;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no port to be had.');
  return address.port;
}
