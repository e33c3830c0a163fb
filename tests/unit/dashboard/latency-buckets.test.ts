import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyBuckets } from '../../../src/profiles/dashboard/latency-buckets.ts';

function bucketsOf(durations: readonly number[]): LatencyBuckets {
  const buckets = new LatencyBuckets();
  for (const duration of durations) buckets.record(duration);
  return buckets;
}

function exactly(durations: readonly number[], share: number): number {
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

/** Both the bucket and the three digits. */
const errorMax = 0.05 + 0.005;

describe('latency buckets', () => {
  it('are wrong by 5 % at most, whatever was recorded', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 120_000, noNaN: true }), { minLength: 1 }), (durations) => {
        const { p50Ms, p95Ms, p99Ms } = bucketsOf(durations).latencies();
        for (const [found, share] of [
          [p50Ms, 0.5],
          [p95Ms, 0.95],
          [p99Ms, 0.99],
        ] as const) {
          const exact = exactly(durations, share);
          expect(Math.abs((found ?? Number.NaN) - exact) / exact).toBeLessThanOrEqual(errorMax);
        }
      }),
    );
  });

  it('know nothing of calls when there were none, also after they were cleared', () => {
    const none = { p50Ms: null, p95Ms: null, p99Ms: null };
    const buckets = bucketsOf([]);
    expect(buckets.latencies()).toEqual(none);
    buckets.record(3);
    buckets.clear();
    expect(buckets.latencies()).toEqual(none);
  });

  it('take what is beyond their ends for the ends', () => {
    expect(bucketsOf([0]).latencies().p50Ms).toBeCloseTo(0.01, 2);
    expect(bucketsOf([10 ** 9]).latencies().p50Ms).toBeGreaterThan(110_000);
  });

  it('add up', () => {
    const sum = bucketsOf([1, 2, 3]);
    sum.add(bucketsOf([]));
    sum.add(bucketsOf([40, 50, 60, 70]));
    expect(sum.latencies()).toEqual(bucketsOf([1, 2, 3, 40, 50, 60, 70]).latencies());
  });
});
