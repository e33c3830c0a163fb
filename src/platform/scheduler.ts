/** Time as it passes, so that a test can let it pass. */
export interface Scheduler {
  /** Milliseconds on a clock that nobody sets. */
  now(): number;
  /** Runs `action` once, after `delayMs`; the process may end before. Not when the returned function was called. */
  schedule(delayMs: number, action: () => void): () => void;
}

export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  schedule: (delayMs, action) => {
    const timer = setTimeout(action, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
