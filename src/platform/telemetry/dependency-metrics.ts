import { Counter, Gauge, type Registry } from 'prom-client';
import type { CircuitState } from '../resilience/operated-breaker.ts';
import { BucketCounts, histogramOnScrape } from './histogram-on-scrape.ts';
import { counterOnScrape, durationBuckets, startAtZero } from './metrics.ts';

const circuitStates = ['closed', 'open', 'half-open'] as const satisfies readonly CircuitState[];
/** A call is one of the first three when it was made, and one of the last two when it was refused. */
const callOutcomes = ['success', 'failure', 'timeout', 'short-circuited', 'rejected'] as const;
/** In plain numbers, which are given labels when somebody asks: there is a call in nearly every request. */
type CallCounts = Record<(typeof callOutcomes)[number], number>;
const retryAttempts = ['1', '2', '3', '4+'] as const;

/** What is counted alike for everything that the service depends on. */
export interface DependencyMetrics {
  /** The metrics of one dependency, all at zero and its breaker closed. `fallbackReasons`: those that there can be. */
  of(dependency: string, fallbackReasons?: readonly string[]): DependencyRecorder;
}

/** Writes down what happens with one dependency. */
export interface DependencyRecorder {
  breakerChanged(to: CircuitState): void;
  /** A call that was made has ended. */
  called(outcome: 'success' | 'failure' | 'timeout', durationMs: number): void;
  /** A call was not made: the breaker, or a limit of concurrency, has refused it. */
  refused(outcome: 'short-circuited' | 'rejected'): void;
  /** @param retry 1 is the first */
  retried(retry: number): void;
  fellBack(reason: string): void;
}

export function createDependencyMetrics(registry: Registry): DependencyMetrics {
  const registers = [registry];
  const state = new Gauge({
    name: 'circuit_breaker_state',
    help: '1 for the state that the circuit breaker is in, 0 for the others.',
    labelNames: ['dependency', 'state'],
    registers,
  });
  const changes = new Counter({
    name: 'circuit_breaker_state_changes_total',
    help: 'Changes of the circuit breaker by the state it came to.',
    labelNames: ['dependency', 'to'],
    registers,
  });
  const calls: { readonly dependency: string; readonly counts: CallCounts; readonly durations: BucketCounts }[] = [];
  counterOnScrape(
    registry,
    {
      name: 'dependency_calls_total',
      help: 'Calls to a dependency by how they ended, or why they were not made.',
      labelNames: ['dependency', 'outcome'],
    },
    () =>
      calls.flatMap(({ dependency, counts }) =>
        callOutcomes.map((outcome) => [{ dependency, outcome }, counts[outcome]] as const),
      ),
  );
  histogramOnScrape(
    registry,
    {
      name: 'dependency_call_duration_seconds',
      help: 'How long calls to a dependency took that were made, their retries included.',
      labelNames: ['dependency'],
      buckets: durationBuckets,
    },
    () => calls.map(({ dependency, durations }) => [{ dependency }, durations] as const),
  );
  const retries = new Counter({
    name: 'dependency_retries_total',
    help: 'Retries by which retry of their call it was.',
    labelNames: ['dependency', 'attempt'],
    registers,
  });
  const fallbacks = new Counter({
    name: 'dependency_fallbacks_total',
    help: 'Answers that had to do without the dependency, by reason.',
    labelNames: ['dependency', 'reason'],
    registers,
  });

  return {
    of: (dependency, fallbackReasons = []) => {
      const breakerIn = (current: CircuitState): void => {
        for (const each of circuitStates) state.set({ dependency, state: each }, each === current ? 1 : 0);
      };
      breakerIn('closed');
      startAtZero(
        changes,
        circuitStates.map((to) => ({ dependency, to })),
      );
      const counts: CallCounts = { success: 0, failure: 0, timeout: 0, 'short-circuited': 0, rejected: 0 };
      const durations = new BucketCounts(durationBuckets);
      calls.push({ dependency, counts, durations });
      startAtZero(
        retries,
        retryAttempts.map((attempt) => ({ dependency, attempt })),
      );
      startAtZero(
        fallbacks,
        fallbackReasons.map((reason) => ({ dependency, reason })),
      );

      return {
        breakerChanged: (to) => {
          breakerIn(to);
          changes.inc({ dependency, to });
        },
        called: (outcome, durationMs) => {
          counts[outcome] += 1;
          durations.observe(durationMs / 1_000);
        },
        refused: (outcome) => {
          counts[outcome] += 1;
        },
        retried: (retry) => retries.inc({ dependency, attempt: retryAttempts[retry - 1] ?? '4+' }),
        fellBack: (reason) => fallbacks.inc({ dependency, reason }),
      };
    },
  };
}
