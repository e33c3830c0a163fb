import type { Request, RequestHandler } from 'express';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { HttpEvent } from './http-events.ts';
import { requestIdOf, traceIdOf } from './request-context.ts';

/** Tells the beginning and the end of each request: when its answer has gone out, or its connection has. */
export function observeRequests(events: EventStream<HttpEvent>): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    events.emit({ type: 'request-started' });
    res.once('close', () =>
      events.emit({
        type: 'request-ended',
        requestId: requestIdOf(res),
        traceId: traceIdOf(res),
        method: req.method,
        route: routeOf(req),
        status: res.headersSent ? res.statusCode : undefined,
        code: res.locals['problemCode'] === undefined ? undefined : String(res.locals['problemCode']),
        durationMs: performance.now() - startedAt,
        abandoned: !res.writableFinished,
      }),
    );
    next();
  };
}

/** The template of the route that answers; `unmatched` until there is one. */
export function routeOf(req: Request): string {
  const route: unknown = req.route?.path;
  return typeof route === 'string' ? req.baseUrl + route : 'unmatched';
}
