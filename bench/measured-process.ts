import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process beside the benchmark, so that what it costs can be told from what asking it costs. */
export interface MeasuredProcess {
  readonly url: string;
  /** Processor time so far, in user and system mode together, of all its threads. */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

/** Runs a module that calls `reportToBenchmark`. Nothing that it writes is kept. */
export async function startMeasured(module: string, env: Readonly<Record<string, string>>): Promise<MeasuredProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(new URL(module, import.meta.url), {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = await nextReport(child, 'url');
  return {
    url: String(url),
    cpuMs: async () => {
      child.send('cpu');
      return Number(await nextReport(child, 'cpuMs'));
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function nextReport(child: ChildProcess, name: 'url' | 'cpuMs'): Promise<unknown> {
  const ended = new AbortController();
  const [report]: unknown[] = await Promise.race([
    once(child, 'message', { signal: ended.signal }),
    once(child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('A process of the benchmark has ended.');
    }),
  ]).finally(() => ended.abort());
  if (typeof report !== 'object' || report === null || !(name in report)) throw new Error('That was not the question.');
  return Object.entries(report).find(([key]) => key === name)?.[1];
}

/** Tells the benchmark where this process listens, and its processor time when asked. */
export function reportToBenchmark(url: string): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    report({ cpuMs: (user + system) / 1_000 });
  });
  report({ url });
}

function report(what: { readonly url: string } | { readonly cpuMs: number }): void {
  process.send?.(what);
}
