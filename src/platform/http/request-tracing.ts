import type { ServerResponse } from 'node:http';
import type { Tracing } from '../telemetry/tracing.ts';
import { knownMethods } from './known-methods.ts';
import { contextOf, unmatched } from './request-context.ts';
import { quietRoutes } from './quiet-routes.ts';

/**
 * Makes a span of each request, from here to the end of its answer, in the trace that `traceparent` names, and answers it
 * within. Probes have none: they would be most of the traces.
 *
 * Names and attributes are those of OpenTelemetry, without those that tell who asked for what: the path, the query and
 * the address of the client. https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function traceRequests(tracing: Tracing): (res: ServerResponse, answer: () => void) => void {
  return (res, answer) => {
    const { method = '', url = '', headers } = res.req;
    if (quietRoutes.has(pathOf(url))) {
      answer();
      return;
    }
    const isKnown = knownMethods.has(method);
    const name = isKnown ? method : 'HTTP';
    const context = contextOf(res);
    tracing.startRequest(name, headers, (span) => {
      context.traceId = span.traceId;
      res.on('close', () => {
        const { route, problemCode } = context;
        const status = res.headersSent ? res.statusCode : undefined;
        span.set({
          'http.request.method': isKnown ? method : '_OTHER',
          'http.route': route === unmatched ? undefined : route,
          'http.response.status_code': status,
          'problem.code': problemCode,
          'request.abandoned': res.writableFinished ? undefined : true,
        });
        if (route !== unmatched) span.rename(`${name} ${route}`);
        if (status !== undefined && status >= 500) span.fail(problemCode ?? String(status));
        span.end();
      });
      answer();
    });
  };
}

/** Of an address, also with the server's name in front, as it is sent to proxies (RFC 9112, section 3.2.2). */
function pathOf(url: string): string {
  const target = url.startsWith('/') ? url : url.replace(/^[A-Za-z]+:\/\/[^/?#]*/, '');
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}
