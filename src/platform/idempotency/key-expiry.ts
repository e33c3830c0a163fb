import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { IdempotencyHousekeeping } from './idempotency-store.ts';

/** Small, so that no statement holds locks for long; the pause between them leaves the database to the requests. */
const batchSize = 500;
const batchPauseMs = 20;
const intervalMs = 60_000;

/** Deletes keys whose time has passed, once a minute, until it is stopped. */
export interface KeyExpiry {
  stop(): Promise<void>;
}

/** @param options.onError is told why a round failed; the next one begins as usual */
export function startKeyExpiry(options: {
  housekeeping: Pick<IdempotencyHousekeeping, 'deleteExpired'>;
  clock: Clock;
  onError: (error: unknown) => void;
}): KeyExpiry {
  const { housekeeping, clock, onError } = options;
  const stopping = new AbortController();
  const pause = async (ms: number): Promise<void> =>
    await delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {});

  async function runUntilStopped(): Promise<void> {
    // Instances that were started together take turns.
    for (await pause(Math.random() * intervalMs); !stopping.signal.aborted; await pause(intervalMs)) {
      await deleteExpiredKeys(housekeeping, clock.now(), async () => {
        await pause(batchPauseMs);
        return !stopping.signal.aborted;
      }).catch(onError);
    }
  }

  const running = runUntilStopped();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/**
 * Deletes, batch by batch, all keys that had expired by `now`.
 *
 * @param mayGoOn is asked between two batches
 * @returns how many keys that were
 */
export async function deleteExpiredKeys(
  housekeeping: Pick<IdempotencyHousekeeping, 'deleteExpired'>,
  now: Date,
  mayGoOn: () => Promise<boolean>,
): Promise<number> {
  for (let total = 0; ; ) {
    const deleted = await housekeeping.deleteExpired(now, batchSize);
    total += deleted;
    if (deleted < batchSize || !(await mayGoOn())) return total;
  }
}
