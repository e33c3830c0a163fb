import { parseArgs } from 'node:util';
import { createProgressLine } from '../../platform/progress-line.ts';
import { createSeedUsers, type SeedOptions } from './create-seed-users.ts';

/** What can be asked for on the command line. */
export interface SeedCommand {
  readonly count: number;
  /** Null: the one of the settings. */
  readonly databaseUrl: string | null;
}

export const seedUsage = 'usage: npm run seed -- [--count 1..10000000] [--database-url url]\n';

/** @returns null when that is no command */
export function parseSeedCommand(args: readonly string[]): SeedCommand | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { count: { type: 'string', default: '10000' }, 'database-url': { type: 'string' } },
    });
    const count = Number(values.count);
    if (!Number.isInteger(count) || count < 1 || count > 10_000_000) return null;
    return { count, databaseUrl: values['database-url'] ?? null };
  } catch {
    return null;
  }
}

/**
 * Makes the users, and says how many and how fast.
 *
 * @returns the exit code: 1 when a signal has ended the work, else 0
 */
export async function runSeedCommand(
  seed: Pick<SeedOptions, 'users' | 'unitOfWork' | 'concurrency'>,
  count: number,
  output: { readonly out: NodeJS.WritableStream; readonly progress: NodeJS.WriteStream; readonly signal: AbortSignal },
): Promise<number> {
  const progress = createProgressLine('users', output.progress);
  const beganAt = performance.now();
  const { created, existing, different } = await createSeedUsers({
    ...seed,
    count,
    signal: output.signal,
    onProgress: progress.update,
  }).finally(progress.end);
  const done = created + existing + different;
  const seconds = (performance.now() - beganAt) / 1_000;
  const isComplete = done === count;
  const counted = `Created ${created} users; ${existing} were there, ${different} were there with other content and stay so.`;
  const speed = `${seconds.toFixed(1)} s, ${Math.round(done / Math.max(seconds, 0.001))} users a second.`;
  output.out.write(`${isComplete ? '' : 'Not finished; the next run goes on here. '}${counted} ${speed}\n`);
  return isComplete ? 0 : 1;
}
