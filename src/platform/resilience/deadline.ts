/** The time budget of one piece of work, on the monotonic clock. */
export interface Deadline {
  /** Milliseconds left; 0 when the deadline has passed. */
  remainingMs(): number;
}

/** Starts a budget of `budgetMs` now. */
export function startDeadline(budgetMs: number): Deadline {
  const endsAt = performance.now() + budgetMs;
  return { remainingMs: () => Math.max(0, endsAt - performance.now()) };
}

/** Something took longer than it was given. */
export class TimeoutError extends Error {
  readonly timeoutMs: number;

  constructor(timeoutMs: number, options?: ErrorOptions) {
    super(`No result within ${Math.round(timeoutMs)} ms.`, options);
    this.name = 'TimeoutError';
    this.timeoutMs = timeoutMs;
  }
}

/**
 * Runs `work` and stops waiting for it after `timeoutMs`, whatever it does: its signal aborts, so that it can free what
 * it holds, and a result that comes later is dropped.
 *
 * @throws TimeoutError after `timeoutMs`; before that, whatever `work` throws
 */
export async function withTimeout<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new TimeoutError(timeoutMs);
      // Rejected first: what `work` makes of its aborted signal must not win the race.
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), expiry]);
  } finally {
    clearTimeout(timer);
  }
}
