import type { ComparisonResult, Measurement } from './comparison.ts';

/** What one contender has to reach, measured by another one of the same comparison. */
export interface Target {
  /** For people. */
  readonly title: string;
  readonly comparison: string;
  readonly of: string;
  readonly over: string;
  readonly metric: 'requests/s' | 'p99';
  /** Of the quotient. */
  readonly bound: { readonly least: number } | { readonly most: number };
}

export interface TargetResult extends Target {
  readonly value: number;
  /** Whether all answers of the comparison were as expected: fast and wrong is not met. */
  readonly isAnswered: boolean;
  readonly isMet: boolean;
}

/** Null when one of the two has not been measured. */
export function evaluate(target: Target, results: readonly ComparisonResult[]): TargetResult | null {
  const comparison = results.find(({ name }) => name === target.comparison);
  const find = (wanted: string) => comparison?.measurements.find(({ label }) => label === wanted);
  const [of, over] = [find(target.of), find(target.over)];
  if (of === undefined || over === undefined) return null;
  const value = valueOf(of, target) / valueOf(over, target);
  const isWithin = 'least' in target.bound ? value >= target.bound.least : value <= target.bound.most;
  const isAnswered = comparison?.problems.length === 0;
  return { ...target, value, isAnswered, isMet: isWithin && isAnswered };
}

function valueOf({ requestsPerSecond, p99Ms }: Measurement, { metric }: Target): number {
  return metric === 'p99' ? p99Ms.median : requestsPerSecond.median;
}
