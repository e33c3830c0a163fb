import type { EventSource } from '../telemetry/event-stream.ts';
import type { WriteLine } from '../telemetry/logger.ts';
import type { JournalEvent } from './journal-events.ts';

/**
 * Logs when the journal of changes cannot be followed, and when it can again.
 *
 * @returns a function that ends it
 */
export function logJournal(
  events: EventSource<JournalEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  return events.subscribe((event) => {
    switch (event.type) {
      case 'contact-lost':
        return logger.warn({ err: event.error }, 'The journal of changes cannot be read');
      case 'contact-regained':
        return logger.info({ durationMs: Math.round(event.silenceMs) }, 'The journal of changes is read again');
      case 'skipped':
        return logger.warn(
          { reason: event.reason, changes: event.changes },
          'Changes were passed over, what was cached is forgotten',
        );
      default:
        return event satisfies never;
    }
  });
}
