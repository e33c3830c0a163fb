import express, { type Express, type RequestHandler, type Router } from 'express';
import { DomainError } from '../domain-error.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { crossOrigin } from './cross-origin.ts';
import type { HttpEvent } from './http-events.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import { problemHandler } from './problem-details.ts';
import type { ProxyTrust } from './proxy-trust.ts';
import { requestContext } from './request-context.ts';
import { observeRequests } from './request-observer.ts';
import { traceRequests } from './request-tracing.ts';
import { answerHeaders } from './security-headers.ts';

/** The HTTP application: what every request passes, in order, around the routes of the service. */
export function createApp(options: {
  logger: Logger;
  events: EventStream<HttpEvent>;
  problems: ProblemCatalogue;
  /** Web origins whose pages may call the API and read what it says about itself. */
  corsOrigins: readonly string[];
  tracing: Tracing;
  /** Whom to believe about the client's address; null: nobody. */
  proxyTrust: ProxyTrust | null;
  /** Passed by every request to `/api`, when there is a limit. */
  rateLimit: RequestHandler | null;
  routers: readonly Router[];
}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  // `validateQuery` reads the query string itself; Express's parser would guess arrays out of repeated names.
  app.set('query parser', false);

  if (options.proxyTrust !== null) app.set('trust proxy', options.proxyTrust);

  app.use(requestContext());
  if (options.tracing.enabled) app.use(traceRequests(options.tracing));
  app.use(observeRequests(options.events));
  app.use((req, res, next) => {
    res.setHeaders(answerHeaders);
    // RFC 9112, section 3.2.
    if (req.headers.host === undefined && req.httpVersion === '1.1') {
      throw new DomainError('malformed-request', 'The Host header is missing.');
    }
    next();
  });
  if (options.corsOrigins.length > 0) {
    app.use(['/api', '/openapi.yaml', '/openapi.json'], crossOrigin(options.corsOrigins));
  }
  if (options.rateLimit !== null) app.use('/api', options.rateLimit);
  // As if they were one: a router that has nothing for a request passes it on in the next turn of the event loop, which
  // comes late in a busy process, so that more requests than are wanted get past the gate (`shedLoad`) meanwhile.
  app.router.stack.push(...options.routers.flatMap(({ stack }) => stack));
  app.use(() => {
    throw new DomainError('route-not-found', 'There is nothing at this address.');
  });
  app.use(problemHandler(options.problems, options.logger));
  return app;
}
