import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, LoadReport } from './load-order.ts';

/** The generator, in a process of its own, so that what it costs is not the server's. */
export interface LoadProcess {
  /** Runs one round. @throws Error when an answer was not as expected */
  run(order: LoadOrder): Promise<LoadReport>;
  stop(): void;
}

/** @param cores that it may use; null: all */
export function startLoadProcess(cores: string | null): LoadProcess {
  const command = [process.execPath, fileURLToPath(new URL('./generator.ts', import.meta.url))] as const;
  const [file, ...args] = cores === null ? command : (['taskset', '-c', cores, ...command] as const);
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    run: async (order) => {
      const answer = nextMessage(child);
      child.send(order);
      return await answer;
    },
    stop: () => child.disconnect(),
  };
}

type Answer = { readonly report: LoadReport } | { readonly error: string };

async function nextMessage(child: ChildProcess): Promise<LoadReport> {
  const ended = new AbortController();
  const answer = await Promise.race([
    once(child, 'message', { signal: ended.signal }).then(([message]: Answer[]) => message),
    once(child, 'exit', { signal: ended.signal }).then(() => undefined),
  ]).finally(() => ended.abort());
  if (answer === undefined) throw new Error('The load generator has ended.');
  if ('error' in answer) throw new Error(answer.error);
  return answer.report;
}
