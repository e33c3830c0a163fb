import { LatencyBuckets } from './latency-buckets.ts';
import type { EdgePoint, OutcomeCounts } from './resilience-snapshot.ts';

export const windowSeconds = 10;

type Counts = { -readonly [Outcome in keyof OutcomeCounts]: number };

interface Second {
  readonly counts: Counts;
  readonly latencies: LatencyBuckets;
}

/** What happened on one edge in this second and the nine before it. Whose second it is, its owner knows. */
export class OutcomeWindow {
  readonly #seconds: Second[] = Array.from({ length: windowSeconds }, () => ({
    counts: noCounts(),
    latencies: new LatencyBuckets(),
  }));
  #current = this.#secondAt(0);
  #index = 0;

  /** @param durationMs null: no call was made, or nobody has measured it */
  record(outcome: keyof OutcomeCounts, durationMs: number | null): void {
    this.#current.counts[outcome] += 1;
    if (durationMs !== null) this.#current.latencies.record(durationMs);
  }

  /** Begins the next second. */
  advance(): void {
    this.#index = (this.#index + 1) % windowSeconds;
    this.#current = this.#secondAt(this.#index);
    Object.assign(this.#current.counts, noCounts());
    this.#current.latencies.clear();
  }

  /** This second. */
  point(): EdgePoint {
    return { ...this.#current.counts, ...this.#current.latencies.latencies() };
  }

  /** All of them. */
  total(): EdgePoint {
    const counts = noCounts();
    const latencies = new LatencyBuckets();
    for (const second of this.#seconds) {
      for (const outcome of outcomes) counts[outcome] += second.counts[outcome];
      latencies.add(second.latencies);
    }
    return { ...counts, ...latencies.latencies() };
  }

  #secondAt(index: number): Second {
    const second = this.#seconds[index];
    if (second === undefined) throw new RangeError(`The window has no second ${index}.`);
    return second;
  }
}

const outcomes = ['success', 'failure', 'timeout', 'shortCircuited', 'rejected', 'fallback'] as const;

function noCounts(): Counts {
  return { success: 0, failure: 0, timeout: 0, shortCircuited: 0, rejected: 0, fallback: 0 };
}
