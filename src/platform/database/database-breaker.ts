import { CircuitOpenError, createCircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { CircuitState, OperatedBreaker } from '../resilience/operated-breaker.ts';
import { TimeoutError } from '../resilience/deadline.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { DatabaseUnavailableError, isTimeout, OutcomeUnknownError } from './database-errors.ts';
import type { DatabaseEvent } from './database-events.ts';

/** How long an open breaker waits before its probe; the problem `database-unavailable` tells clients the same. */
const resetMs = 2_000;
const windowMs = 10_000;
const volume = 20;

/** How all that works for requests gets to the database. */
export interface DatabaseAccess {
  /**
   * Runs `action`, unless the database has been failing. Only failures of the infrastructure count: whatever the
   * database answers, a deadlock or a duplicate key included, shows that it is there.
   *
   * @param action is given `admitted()`, false when the breaker has opened since: it should not try again then
   * @throws DatabaseUnavailableError at once while the breaker is open; what `action` throws
   * @throws DatabaseOverloadedError without running `action` when too many others are before it
   */
  run<T>(action: (admitted: () => boolean) => Promise<T>): Promise<T>;
}

/** Stops asking a database that does not answer. */
export interface DatabaseBreaker extends DatabaseAccess {
  readonly state: CircuitState;
  readonly isOpen: boolean;
  shutdown(): void;
}

/**
 * @param options.consecutiveFailures how many failures in a row open it; more than half of a window of ten seconds do too
 * @param options.deadlineMs how long an action takes at most by its own limits
 */
export function createDatabaseBreaker(options: {
  consecutiveFailures: number;
  deadlineMs: number;
  events: EventStream<DatabaseEvent>;
}): DatabaseBreaker & { readonly circuit: OperatedBreaker } {
  const { consecutiveFailures, deadlineMs, events } = options;
  const breaker = createCircuitBreaker({
    name: 'database',
    failureRatio: 0.5,
    volume,
    windowMs,
    consecutiveFailures,
    resetMs,
    // A backstop only: every action ends by its own deadline.
    timeoutMs: 2 * deadlineMs + 1_000,
    onStateChange: ({ from, to, by }) => events.emit({ type: 'breaker-state-changed', from, to, by }),
  });

  return {
    get state() {
      return breaker.state;
    },
    get isOpen() {
      return breaker.state === 'open';
    },
    circuit: breaker,
    run: async <T>(action: (admitted: () => boolean) => Promise<T>) => {
      const startedAt = performance.now();
      const ended = (outcome: 'success' | 'failure' | 'timeout'): void =>
        events.emit({ type: 'call-ended', outcome, durationMs: performance.now() - startedAt });
      let outcome: () => T;
      try {
        outcome = await breaker.execute(async (admitted) => await settle(() => action(admitted)));
      } catch (error) {
        if (error instanceof CircuitOpenError) events.emit({ type: 'short-circuited' });
        else ended(isTimeout(error) ? 'timeout' : 'failure');
        if (error instanceof CircuitOpenError || error instanceof TimeoutError) {
          throw new DatabaseUnavailableError(error);
        }
        throw error;
      }
      ended('success');
      return outcome();
    },
    shutdown: () => breaker.shutdown(),
  };
}

/** To the breaker every rejection is a failure; those that are answers of the database become values. */
async function settle<T>(action: () => Promise<T>): Promise<() => T> {
  try {
    const value = await action();
    return () => value;
  } catch (error) {
    if (error instanceof DatabaseUnavailableError || error instanceof OutcomeUnknownError) throw error;
    return () => {
      throw error;
    };
  }
}
