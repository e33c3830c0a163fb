import type { ReadinessCheck } from './readiness.ts';

const sampleEveryMs = 250;
const windowMs = 5_000;
const limitMs = 1_000;

/** Measures by how much timers are late because JavaScript that runs for long, or a lack of CPU, keeps them waiting. */
export class RecentLag {
  readonly #samples: { readonly takenAt: number; readonly lagMs: number }[] = [];
  #dueAt = Number.POSITIVE_INFINITY;

  /** Begins to measure, which keeps no process alive. @returns a function that ends it */
  start(): () => void {
    this.#dueAt = performance.now() + sampleEveryMs;
    const timer = setInterval(() => this.#sample(), sampleEveryMs).unref();
    return () => {
      clearInterval(timer);
      this.#dueAt = Number.POSITIVE_INFINITY;
    };
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
    this.#samples.push({ takenAt, lagMs: takenAt - this.#dueAt });
    if (this.#samples.length > windowMs / sampleEveryMs) this.#samples.shift();
    this.#dueAt = takenAt + sampleEveryMs;
  }
}

/** Down for five seconds after the event loop has lagged by more than a second. */
export function createEventLoopCheck(lag: RecentLag): ReadinessCheck {
  return {
    name: 'event-loop',
    check: () => {
      const lagMs = Math.round(lag.longestMs());
      if (lagMs > limitMs) throw new Error(`The event loop lagged by ${lagMs} ms.`);
    },
  };
}
