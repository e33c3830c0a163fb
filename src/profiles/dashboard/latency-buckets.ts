import type { Latencies } from './resilience-snapshot.ts';

const growth = 1.1;
const smallestMs = 0.01;
const largestMs = 120_000;
const scale = 1 / Math.log(growth);
const bucketCount = Math.ceil(Math.log(largestMs / smallestMs) * scale) + 1;
/** The value in a bucket that is equally far, in proportion, from both of its ends. */
const middle = 2 / (1 + growth);

/**
 * Durations, in buckets that grow by a tenth: what is read from them is wrong by 5 % at most between 0.01 ms and two
 * minutes, however many there are, and to note one allocates nothing.
 */
export class LatencyBuckets {
  readonly #counts = new Uint32Array(bucketCount);
  #total = 0;

  record(durationMs: number): void {
    const index = durationMs > smallestMs ? Math.ceil(Math.log(durationMs / smallestMs) * scale) : 0;
    const bucket = Math.min(index, bucketCount - 1);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  add(other: LatencyBuckets): void {
    if (other.#total === 0) return;
    for (const [bucket, count] of other.#counts.entries()) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    }
    this.#total += other.#total;
  }

  clear(): void {
    if (this.#total === 0) return;
    this.#counts.fill(0);
    this.#total = 0;
  }

  latencies(): Latencies {
    return { p50Ms: this.#quantile(0.5), p95Ms: this.#quantile(0.95), p99Ms: this.#quantile(0.99) };
  }

  /** By the nearest rank; null: there are none. */
  #quantile(share: number): number | null {
    if (this.#total === 0) return null;
    const rank = Math.ceil(share * this.#total);
    let seen = 0;
    const bucket = this.#counts.findIndex((count) => (seen += count) >= rank);
    return Number((smallestMs * growth ** bucket * middle).toPrecision(3));
  }
}
