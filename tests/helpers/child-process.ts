import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

/** Where this repository is. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the first `kill` to the end of the process; 0 when it ended by itself. */
  readonly afterMs: number;
}

/** A program that runs beside the test. */
export interface ChildProcess {
  /** Of the program itself, without what it has started. */
  readonly pid: number | undefined;
  /** All that it has written so far, both streams in the order of arrival. */
  readonly output: string;
  /** @throws Error when the program could not be started */
  readonly exited: Promise<Exit>;
  /** Resolves when the output matches. @throws Error with the output, when it has not after 20 s */
  printed(pattern: RegExp): Promise<void>;
  /** Reads no more of what it writes: its pipes break. */
  hangUp(): void;
  /** Sends the signal to the program and to whatever it has started, and goes on. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal to the program and to whatever it has started, as a terminal does, and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

/**
 * Runs a program with the environment that it is given, of which nothing is inherited but PATH, HOME, and where Node.js
 * keeps what it has compiled, which CI sets because programs are started hundreds of times.
 */
export function startProcess(
  command: readonly [string, ...string[]],
  options: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): ChildProcess {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  const [file, ...args] = command;
  const child = spawn(file, args, {
    cwd: options.cwd ?? repositoryRoot,
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, which signals reach as a whole.
    detached: true,
  });

  let output = '';
  let killedAt: number | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    return { code, signal, afterMs: killedAt === undefined ? 0 : performance.now() - killedAt };
  });

  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };

  return {
    pid: child.pid,
    get output() {
      return output;
    },
    exited,
    hangUp: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    signal: signalGroup,
    printed: async (pattern) => {
      const assertion = () => {
        if (!pattern.test(output)) throw new Error(`${command.join(' ')} has not printed ${pattern}:\n${output}`);
      };
      await eventually(assertion, { timeoutMs: 20_000 });
    },
    kill: async (signal) => {
      killedAt ??= performance.now();
      signalGroup(signal);
      return await exited;
    },
  };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
