import { AdmissionQueue, AdmissionRefusedError } from '../resilience/admission-queue.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { DatabaseAccess, DatabaseBreaker } from './database-breaker.ts';
import { DatabaseOverloadedError } from './database-errors.ts';
import type { DatabaseEvent } from './database-events.ts';

/** The way of requests to the database: so many at once, some more in line, the rest refused. */
export interface DatabaseAdmission extends DatabaseAccess {
  /** Whether whoever comes now would be refused, unless somebody leaves. */
  readonly isFull: boolean;
  usage(): { readonly inUse: number; readonly queued: number; readonly limit: number };
}

/**
 * The line stands in front of the breaker. Inside of it, a refusal would have to count as the database's success or
 * failure, and is neither. While the breaker is open nobody waits in line to be told so.
 *
 * @param options.concurrency the connections that there are: whoever has a turn finds one, and the pool's own queue,
 *   which has no bound, stays empty
 * @param options.deadlineMs how long the work itself may take; its turn is not waited for any longer than that
 */
export function createDatabaseAdmission(options: {
  breaker: DatabaseBreaker;
  concurrency: number;
  queueMax: number;
  queueTimeoutMs: number;
  deadlineMs: number;
  events: EventStream<DatabaseEvent>;
}): DatabaseAdmission {
  const { breaker, concurrency, queueMax, queueTimeoutMs, deadlineMs, events } = options;
  const queue = new AdmissionQueue({
    concurrency,
    queueMax,
    queueTimeoutMs: Math.min(queueTimeoutMs, deadlineMs),
  });

  return {
    get isFull() {
      return queue.isFull && !breaker.isOpen;
    },
    usage: () => ({ inUse: queue.inUse, queued: queue.queued, limit: concurrency }),
    run: async (action) => {
      if (breaker.isOpen) return await breaker.run(action);
      try {
        return await queue.run(() => breaker.run(action));
      } catch (error) {
        if (!(error instanceof AdmissionRefusedError)) throw error;
        events.emit({ type: 'admission-refused', reason: error.reason });
        throw new DatabaseOverloadedError(error);
      }
    },
  };
}
