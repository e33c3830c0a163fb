const sampleEveryMs = 100;
const windowMs = 5_000;
/** Above this for so many samples in a row there is too much work; one long garbage collection is not. */
const highMs = 250;
const highSamples = 3;

/**
 * How late the event loop is, felt by a timer: JavaScript that runs for long, or a lack of CPU, keeps it waiting.
 *
 * Not by `monitorEventLoopDelay`: its histogram tells what was, for as long as it is not reset, and not what is.
 */
export class EventLoopLag {
  readonly #samples: { readonly takenAt: number; readonly lagMs: number }[] = [];
  #dueAt = Number.POSITIVE_INFINITY;
  #highInARow = 0;
  #isHigh = false;

  /** Begins to measure, which keeps no process alive. @returns a function that ends it */
  start(): () => void {
    this.#dueAt = performance.now() + sampleEveryMs;
    const timer = setInterval(() => this.#sample(), sampleEveryMs).unref();
    return () => {
      clearInterval(timer);
      this.#dueAt = Number.POSITIVE_INFINITY;
    };
  }

  /** Whether it has been above 250 ms for a while, and not below half of that since. */
  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** The longest of the last five seconds. */
  longestMs(): number {
    const now = performance.now();
    const recent = this.#samples.filter(({ takenAt }) => takenAt > now - windowMs).map(({ lagMs }) => lagMs);
    // Whoever asks may come before the sample that is late.
    return Math.max(0, now - this.#dueAt, ...recent);
  }

  #sample(): void {
    const takenAt = performance.now();
    const lagMs = takenAt - this.#dueAt;
    this.#dueAt = takenAt + sampleEveryMs;
    this.#samples.push({ takenAt, lagMs });
    if (this.#samples.length > windowMs / sampleEveryMs) this.#samples.shift();
    this.#highInARow = lagMs > highMs ? this.#highInARow + 1 : 0;
    if (this.#highInARow >= highSamples) this.#isHigh = true;
    else if (lagMs < highMs / 2) this.#isHigh = false;
  }
}
