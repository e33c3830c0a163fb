import type { EventSource } from '../telemetry/event-stream.ts';
import type { HttpEvent } from './http-events.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import type { Logger } from '../telemetry/logger.ts';
import { quietRoutes } from './quiet-routes.ts';

const fieldsOfLine = ['requestId', 'traceId', 'method', 'route', 'status', 'durationMs', 'code', 'summary'] as const;

/**
 * Logs one line for each request, with the title of the problem that it was answered with, if any: what was wrong with
 * this very request could quote it.
 *
 * @returns a function that ends it
 */
export function logRequests(
  events: EventSource<HttpEvent>,
  logger: Pick<Logger, 'error' | 'info' | 'prepare'>,
  problems: ProblemCatalogue,
): () => void {
  const summaryOf = (code: string | undefined): string | undefined =>
    code === undefined ? undefined : problems.get(code)?.title;
  const linesOf = (level: 'debug' | 'info') => ({
    answered: logger.prepare(level, 'Request answered', fieldsOfLine),
    abandoned: logger.prepare(level, 'Request ended before its answer had gone out', fieldsOfLine),
    streamed: logger.prepare(level, 'Stream ended', fieldsOfLine),
  });
  const lines = { debug: linesOf('debug'), info: linesOf('info') };

  return events.subscribe((event) => {
    if (event.type === 'request-unreadable') {
      const { requestId, status, code } = event;
      const fields = { requestId, route: 'unmatched', status, code, summary: summaryOf(code) };
      logger.info(fields, 'Request unreadable');
    }
    if (event.type === 'answer-failed') {
      logger.error({ err: event.error, requestId: event.requestId }, 'Request failed, and so did its answer');
    }
    if (event.type !== 'request-ended') return;
    const { requestId, traceId, method, route, status, code, abandoned, isStream } = event;
    const { [quietRoutes.has(route) && status === 200 ? 'debug' : 'info']: line } = lines;
    const durationMs = Math.round(event.durationMs * 10) / 10;
    line[isStream ? 'streamed' : abandoned ? 'abandoned' : 'answered']({
      requestId,
      traceId,
      method,
      route,
      status,
      durationMs,
      code,
      summary: summaryOf(code),
    });
  });
}
