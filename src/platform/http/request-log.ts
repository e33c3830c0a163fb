import type { EventSource } from '../telemetry/event-stream.ts';
import type { HttpEvent } from './http-events.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import type { WriteLine } from '../telemetry/logger.ts';

/** Asked every few seconds by machines; while all is well, nobody wants to read of it. */
export const probes: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/**
 * Logs one line for each request, with the title of the problem that it was answered with, if any: what was wrong with
 * this very request could quote it.
 *
 * @returns a function that ends it
 */
export function logRequests(
  events: EventSource<HttpEvent>,
  logger: { readonly debug: WriteLine; readonly info: WriteLine },
  problems: ProblemCatalogue,
): () => void {
  const summaryOf = (code: string | undefined): string | undefined =>
    code === undefined ? undefined : problems.get(code)?.title;

  return events.subscribe((event) => {
    if (event.type === 'request-unreadable') {
      const { requestId, status, code } = event;
      const fields = { requestId, route: 'unmatched', status, code, summary: summaryOf(code) };
      logger.info(fields, 'Request unreadable');
    }
    if (event.type !== 'request-ended') return;
    const { requestId, traceId, method, route, status, code, abandoned } = event;
    const level = probes.has(route) && status === 200 ? 'debug' : 'info';
    const durationMs = Math.round(event.durationMs * 10) / 10;
    // Members that are undefined are left out of the line.
    const fields = { requestId, traceId, method, route, status, durationMs, code, summary: summaryOf(code) };
    logger[level](fields, abandoned ? 'Request ended before its answer had gone out' : 'Request answered');
  });
}
