const sampleEveryMs = 100;

/** How late the event loop is, felt by a timer. */
export interface EventLoopLag {
  /** Whether it has been late for a while, and has not caught up since. */
  readonly isHigh: boolean;
  stop(): void;
}

/**
 * Feels the event loop's lag ten times a second. It is high when `samples` in a row were above `highMs`, so that one
 * long garbage collection is not taken for too much work, and until one is below half of that.
 *
 * Not by `monitorEventLoopDelay`: its histogram tells what was, for as long as it is not reset, and not what is.
 */
export function watchEventLoop({ highMs, samples }: { highMs: number; samples: number }): EventLoopLag {
  let expectedAt = performance.now() + sampleEveryMs;
  let inARow = 0;
  let isHigh = false;
  const timer = setInterval(() => {
    const now = performance.now();
    const lagMs = now - expectedAt;
    expectedAt = now + sampleEveryMs;
    inARow = lagMs > highMs ? inARow + 1 : 0;
    if (inARow >= samples) isHigh = true;
    else if (lagMs < highMs / 2) isHigh = false;
  }, sampleEveryMs).unref();
  return {
    get isHigh() {
      return isHigh;
    },
    stop: () => clearInterval(timer),
  };
}
