/** Of each power of two, how many steps are told apart: an answer is at most 1/64 too great. */
const stepBits = 6;
const steps = 1 << stepBits;
/** Up to 2^27 µs, two minutes; what takes longer is counted as that. */
const bucketCount = (27 - stepBits + 1) * steps;

/**
 * Counts durations in buckets whose width grows with them, so that a million cost as little as one.
 * The idea is HdrHistogram's (https://hdrhistogram.org).
 */
export class Latencies {
  readonly #counts = new Float64Array(bucketCount);
  #count = 0;

  record(durationMs: number): void {
    const bucket = bucketOf(durationMs * 1_000);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The duration that `share` of all do not exceed, in ms; 0 when there are none. */
  quantileMs(share: number): number {
    let missing = Math.max(1, Math.ceil(share * this.#count));
    for (const [bucket, count] of this.#counts.entries()) {
      missing -= count;
      if (missing <= 0) return endOf(bucket) / 1_000;
    }
    return 0;
  }
}

function bucketOf(microseconds: number): number {
  const whole = Math.floor(Math.max(0, microseconds));
  if (whole < steps) return whole;
  // The step within the power of two that the duration lies in, behind those of all smaller powers.
  const power = Math.floor(Math.log2(whole)) - stepBits + 1;
  const step = Math.floor(whole / 2 ** (power - 1)) - steps;
  return Math.min(bucketCount - 1, power * steps + step);
}

/** The greatest whole number of microseconds in the bucket. */
function endOf(bucket: number): number {
  const power = Math.floor(bucket / steps);
  if (power === 0) return bucket;
  return ((bucket % steps) + steps + 1) * 2 ** (power - 1) - 1;
}
