import type { EventSource } from './event-stream.ts';
import type { WriteLine } from './logger.ts';

/** Whether traces arrive where they are sent: told when that changes, not for each batch. */
export type TraceExportEvent =
  | { readonly type: 'export-failed'; readonly reason: string }
  | { readonly type: 'export-recovered'; readonly lostSpans: number };

/**
 * Logs when traces do not arrive, and when they do again.
 *
 * @returns a function that ends it
 */
export function logTraceExport(
  events: EventSource<TraceExportEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  return events.subscribe((event) => {
    if (event.type === 'export-failed') logger.warn({ reason: event.reason }, 'Traces cannot be sent');
    else logger.info({ lostSpans: event.lostSpans }, 'Traces are sent again');
  });
}
