import { CircuitOpenError, createCircuitBreaker } from '../resilience/circuit-breaker.ts';
import { TimeoutError } from '../resilience/deadline.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { DatabaseUnavailableError, OutcomeUnknownError } from './database-errors.ts';
import type { DatabaseEvent } from './database-events.ts';

/** How long an open breaker waits before its probe; the problem `database-unavailable` tells clients the same. */
const resetMs = 2_000;
const windowMs = 10_000;
const volume = 20;

/** Stops asking a database that does not answer. */
export interface DatabaseBreaker {
  /**
   * Runs `action`, unless the database has been failing. Only failures of the infrastructure count: whatever the
   * database answers, a deadlock or a duplicate key included, shows that it is there.
   *
   * @param action is given `admitted()`, false when the breaker has opened since: it should not try again then
   * @throws DatabaseUnavailableError at once while the breaker is open; what `action` throws
   */
  run<T>(action: (admitted: () => boolean) => Promise<T>): Promise<T>;
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
}): DatabaseBreaker {
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
    onStateChange: ({ from, to }) => events.emit({ type: 'breaker-state-changed', from, to }),
  });

  return {
    run: async (action) => {
      try {
        const outcome = await breaker.execute(async (admitted) => await settle(() => action(admitted)));
        return outcome();
      } catch (error) {
        if (error instanceof CircuitOpenError) events.emit({ type: 'short-circuited' });
        else if (!(error instanceof TimeoutError)) throw error;
        throw new DatabaseUnavailableError(error);
      }
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
