import type { RequestHandler } from 'express';
import type { Tracing } from '../telemetry/tracing.ts';
import { knownMethods } from './known-methods.ts';
import { probes } from './request-log.ts';
import { routeOf } from './request-observer.ts';

/**
 * Makes a span of each request, from here to the end of its answer, in the trace that `traceparent` names. Probes have
 * none: they would be most of the traces.
 *
 * Names and attributes are those of OpenTelemetry, without those that tell who asked for what: the path, the query and
 * the address of the client. https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function traceRequests(tracing: Tracing): RequestHandler {
  return (req, res, next) => {
    if (probes.has(req.path)) {
      next();
      return;
    }
    const isKnown = knownMethods.has(req.method);
    const name = isKnown ? req.method : 'HTTP';
    tracing.startRequest(name, req.headers, (span) => {
      res.locals['traceId'] = span.traceId;
      res.once('close', () => {
        const route = routeOf(req);
        const code: unknown = res.locals['problemCode'];
        const status = res.headersSent ? res.statusCode : undefined;
        span.set({
          'http.request.method': isKnown ? req.method : '_OTHER',
          'http.route': route === 'unmatched' ? undefined : route,
          'http.response.status_code': status,
          'problem.code': typeof code === 'string' ? code : undefined,
          'request.abandoned': res.writableFinished ? undefined : true,
        });
        if (route !== 'unmatched') span.rename(`${name} ${route}`);
        if (status !== undefined && status >= 500) span.fail(typeof code === 'string' ? code : String(status));
        span.end();
      });
      next();
    });
  };
}
