import { setTimeout as delay } from 'node:timers/promises';

export interface OpenLoopOptions {
  /** Arrivals a second, on average. */
  readonly rate: number;
  /** Ends with it. What was sent is still waited for. */
  readonly signal: AbortSignal;
  readonly send: () => Promise<void>;
  /** Is told of an arrival that was not sent, since `inFlightMax` others had no answer yet. */
  readonly onUnsent: () => void;
  readonly inFlightMax: number;
  /** For tests: uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * Sends when a request is due, whatever became of those before: an open loop. Clients that do not know of one another
 * do not wait for one another, and one that waited would not see how bad a slow service is (coordinated omission).
 * Arrivals are a Poisson process.
 *
 * @throws what `send` throws, at the end
 */
export async function runOpenLoop(options: OpenLoopOptions): Promise<void> {
  const { rate, signal, send, onUnsent, inFlightMax, random = Math.random } = options;
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let dueAt = performance.now();
  while (!signal.aborted) {
    dueAt += (-Math.log(1 - random()) / rate) * 1_000;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    if (running.size >= inFlightMax) {
      onUnsent();
      continue;
    }
    const sending: Promise<void> = send()
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(sending));
    running.add(sending);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
