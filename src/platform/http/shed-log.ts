import type { EventSource } from '../telemetry/event-stream.ts';
import type { HttpEvent, ShedReason } from './http-events.ts';

const everyMs = 1_000;

/**
 * Logs how many requests were shed, in one line a second: a line for each would be more work for a process that has too
 * much of it.
 *
 * @returns a function that ends it, with a line for those that have not been told yet
 */
export function logSheds(
  events: EventSource<HttpEvent>,
  logger: { readonly warn: (fields: object, message: string) => void },
): () => void {
  const counts = new Map<ShedReason, number>();
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    timer = undefined;
    if (counts.size > 0) logger.warn({ requests: Object.fromEntries(counts) }, 'Requests refused, too much to do');
    counts.clear();
  }

  const unsubscribe = events.subscribe((event) => {
    if (event.type !== 'request-shed') return;
    counts.set(event.reason, (counts.get(event.reason) ?? 0) + 1);
    timer ??= setTimeout(tell, everyMs).unref();
  });
  return () => {
    unsubscribe();
    clearTimeout(timer);
    tell();
  };
}
