/** How one attempt at a call has ended. */
export type Attempt<T> =
  | { readonly kind: 'success'; readonly value: T }
  | {
      readonly kind: 'failure';
      readonly error: Error;
      readonly isRetriable: boolean;
      /** How long the service asked to be left alone. */
      readonly retryAfterMs: number | null;
    };

export interface RetryLimits {
  /** For all attempts and the waits between them. */
  readonly deadlineMs: number;
  readonly retriesMax: number;
}

/** Time and chance, so that a test can choose them. */
export interface RetryTime {
  /** Milliseconds on a clock that nobody sets. */
  now(): number;
  /** Runs `action` once, after `delayMs`, unless the returned function was called. */
  schedule(delayMs: number, action: () => void): () => void;
  /** 0 ≤ random < 1. */
  random(): number;
}

/** A timer of more than that, about 25 days, is due at once. */
const timerMsMax = 2 ** 31 - 1;

export const systemTime: RetryTime = {
  now: () => performance.now(),
  schedule: (delayMs, action) => {
    const timer = setTimeout(action, Math.min(delayMs, timerMsMax));
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

const backoffMs = 200;
const backoffMsMax = 5_000;

/**
 * Attempts until one succeeds, or fails for good, or another would come too late.
 *
 * @param attempt gives up when its signal aborts: the deadline has passed, or the caller's signal says so
 * @throws the error of the last attempt; the reason of `signal`
 */
export async function runWithRetries<T>(
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
  { deadlineMs, retriesMax }: RetryLimits,
  time: RetryTime,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const endsAt = time.now() + deadlineMs;
  const ending = new AbortController();
  const endByCaller = (): void => ending.abort(signal?.reason);
  signal?.addEventListener('abort', endByCaller);
  const forgetDeadline = time.schedule(deadlineMs, () => {
    ending.abort(new DOMException(`No answer within ${deadlineMs} ms.`, 'TimeoutError'));
  });
  try {
    for (let retry = 0; ; retry++) {
      const outcome = await attempt(ending.signal);
      if (outcome.kind === 'success') return outcome.value;
      signal?.throwIfAborted();
      const waitMs = waitBefore(retry, outcome.retryAfterMs, time.random());
      const isLast = !outcome.isRetriable || retry >= retriesMax || time.now() + waitMs >= endsAt;
      if (isLast) throw outcome.error;
      await pause(waitMs, ending.signal, time);
      signal?.throwIfAborted();
    }
  } finally {
    forgetDeadline();
    signal?.removeEventListener('abort', endByCaller);
  }
}

/**
 * Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015). What the service has asked for comes on top of it:
 * it tells all its clients the same.
 */
function waitBefore(retry: number, retryAfterMs: number | null, random: number): number {
  const spreadMs = retryAfterMs === null ? Math.min(backoffMsMax, backoffMs * 2 ** retry) : backoffMs;
  return (retryAfterMs ?? 0) + random * spreadMs;
}

async function pause(ms: number, signal: AbortSignal, time: RetryTime): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      forget();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const forget = time.schedule(ms, end);
    signal.addEventListener('abort', end);
  });
}
