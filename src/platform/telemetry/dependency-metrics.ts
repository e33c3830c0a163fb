import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CircuitState } from '../resilience/circuit-breaker.ts';
import { durationBuckets, startAtZero } from './metrics.ts';

const circuitStates = ['closed', 'open', 'half-open'] as const satisfies readonly CircuitState[];
/** A call is one of the first three when it was made, and one of the last two when it was refused. */
const callOutcomes = ['success', 'failure', 'timeout', 'short-circuited', 'rejected'] as const;
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
  const calls = new Counter({
    name: 'dependency_calls_total',
    help: 'Calls to a dependency by how they ended, or why they were not made.',
    labelNames: ['dependency', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'dependency_call_duration_seconds',
    help: 'How long calls to a dependency took that were made, their retries included.',
    labelNames: ['dependency'],
    buckets: durationBuckets,
    registers,
  });
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
      startAtZero(
        calls,
        callOutcomes.map((outcome) => ({ dependency, outcome })),
      );
      startAtZero(
        retries,
        retryAttempts.map((attempt) => ({ dependency, attempt })),
      );
      startAtZero(
        fallbacks,
        fallbackReasons.map((reason) => ({ dependency, reason })),
      );
      durations.zero({ dependency });

      return {
        breakerChanged: (to) => {
          breakerIn(to);
          changes.inc({ dependency, to });
        },
        called: (outcome, durationMs) => {
          calls.inc({ dependency, outcome });
          durations.observe({ dependency }, durationMs / 1_000);
        },
        refused: (outcome) => calls.inc({ dependency, outcome }),
        retried: (retry) => retries.inc({ dependency, attempt: retryAttempts[retry - 1] ?? '4+' }),
        fellBack: (reason) => fallbacks.inc({ dependency, reason }),
      };
    },
  };
}
