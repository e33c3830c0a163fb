import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchProcess, freePort, startProcess } from '../machine/processes.ts';

export interface MeasuredServer {
  readonly pid: number;
  readonly port: number;
  /** Where its CPU profile appears, begun and ended by SIGUSR2; null when it has not been started for that. */
  readonly profile: string | null;
  /** To be called between rounds: throws away what it has logged, which would fill the disk. */
  beginRound(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** What it is called among the files of the benchmark. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly cores: string | null;
  /** The variable that tells it where to listen; `PORT` by default. */
  readonly portVariable?: string;
  /** A path that it answers with 2xx once it is ready. */
  readonly readyPath: string;
  /** Where its log goes: to a file, as it does under most supervisors. */
  readonly folder: string;
  /** Whether it can be profiled. */
  readonly isProfiled?: boolean;
}

const profiler = fileURLToPath(new URL('../profile/profile-on-signal.ts', import.meta.url));

/** Starts a server on a port of its own, and waits until it is ready. */
export async function startServer(options: ServerOptions): Promise<MeasuredServer> {
  const { command, env, cores, readyPath, folder, name, portVariable = 'PORT' } = options;
  const port = await freePort();
  const log = join(folder, `${name}-${port}.log`);
  const profile = options.isProfiled === true ? join(folder, `${name}-${port}.cpuprofile`) : null;
  // Only what is appended to can be cut off while it is written.
  const file = await open(log, 'a');
  let server: BenchProcess;
  try {
    server = await startProcess(command, {
      env: {
        HOST: '127.0.0.1',
        [portVariable]: `${port}`,
        ...(profile === null ? {} : { NODE_OPTIONS: `--import ${profiler}`, BENCH_PROFILE: profile }),
        ...env,
      },
      cores,
      port,
      stdout: file.fd,
    });
  } finally {
    await file.close();
  }
  try {
    await server.becomesReady(async () => {
      const response = await fetch(`http://127.0.0.1:${port}${readyPath}`);
      if (!response.ok) throw new Error(`${readyPath} is answered with ${response.status}: ${await response.text()}`);
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { pid: server.pid, port, profile, beginRound: () => truncate(log), stop: () => server.stop() };
}
