import type { CircuitState } from '../../platform/resilience/operated-breaker.ts';
import type { EdgeFigures, Health, OutcomeCounts } from './resilience-snapshot.ts';

const degradedShare = 0.05;
const downShare = 0.5;

/** Of the calls that were made, 0 to 1; 0 when there were none. */
export function errorShareOf({ success, failure, timeout }: OutcomeCounts): number {
  const made = success + failure + timeout;
  return made === 0 ? 0 : (failure + timeout) / made;
}

export function callsOf({ success, failure, timeout, shortCircuited, rejected }: OutcomeCounts): number {
  return success + failure + timeout + shortCircuited + rejected;
}

/**
 * How an edge has been for the last ten seconds. `down`: its breaker is open, or more than half of the calls failed.
 * `degraded`: its breaker is half-open, more than 5 % failed, or any was refused. `idle`: nothing of that, and no calls.
 *
 * @param state of its breaker; null: it has none
 */
export function healthOf(counts: OutcomeCounts, state: CircuitState | null): Health {
  const errorShare = errorShareOf(counts);
  if (state === 'open' || errorShare > downShare) return 'down';
  const isRefusing = counts.shortCircuited > 0 || counts.rejected > 0;
  if (state === 'half-open' || errorShare > degradedShare || isRefusing) return 'degraded';
  return callsOf(counts) === 0 ? 'idle' : 'healthy';
}

/** What an edge is without what it leads to. */
export const unusedEdge: EdgeFigures = {
  success: 0,
  failure: 0,
  timeout: 0,
  shortCircuited: 0,
  rejected: 0,
  fallback: 0,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
  health: 'idle',
  perSecond: 0,
  errorShare: 0,
  isUsed: false,
};
