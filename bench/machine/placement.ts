import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

/** Which cores do what, as `taskset` takes them; null: any. */
export interface Placement {
  readonly server: string | null;
  /** Load, database and all the rest. */
  readonly others: string | null;
  /** For people. */
  readonly description: string;
}

/** One core for the server that is measured, and the rest for the rest, if the machine allows it. */
export async function placementHere(): Promise<Placement> {
  const cores = availableParallelism();
  const canPin = await promisify(execFile)('taskset', ['-c', '0,1', 'true']).then(
    () => true,
    () => false,
  );
  if (cores < 2 || !canPin) {
    return { server: null, others: null, description: `nothing is pinned: all share ${cores} core(s)` };
  }
  const others = cores === 2 ? '1' : `1-${cores - 1}`;
  const rest = cores === 2 ? 'core 1' : `cores ${others}`;
  return { server: '0', others, description: `server on core 0; load, and whatever is started besides, on ${rest}` };
}
