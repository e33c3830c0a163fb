import { logBreakerChange } from '../telemetry/breaker-log.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import type { DatabaseEvent } from './database-events.ts';
import type { WriteLine } from '../telemetry/logger.ts';

/**
 * Logs what happens with the database. Conflicts between writers are the ordinary work of a database, so they are
 * debug; that it lost a connection is a warning.
 *
 * @returns a function that ends it
 */
export function logDatabase(
  events: EventSource<DatabaseEvent>,
  logger: { readonly debug: WriteLine; readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  return events.subscribe((event) => {
    switch (event.type) {
      case 'breaker-state-changed':
        return logBreakerChange(logger, 'database', event);
      case 'transaction-retried': {
        const { cause, retry, delayMs } = event;
        const level = cause === 'connection-lost' ? 'warn' : 'debug';
        return logger[level]({ cause, retry, delayMs: Math.round(delayMs) }, 'Transaction is run again');
      }
      case 'read-retried':
        return logger.warn({}, 'Query is run again on another connection');
      case 'commit-undecided':
        return logger.warn({}, 'COMMIT was not answered, its outcome is looked up');
      case 'commit-resolved':
        return logger.info({ committed: event.committed }, 'The outcome of a COMMIT has been found out');
      case 'admission-refused':
      case 'short-circuited':
        // The refused request has a line of its own.
        return undefined;
      case 'call-ended':
      case 'connection-awaited':
        // Several for each request; the metrics add them up.
        return undefined;
      default:
        return event satisfies never;
    }
  });
}
