import express, { type Express, type Router } from 'express';
import { DomainError } from '../domain-error.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { HttpEvent } from './http-events.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import { problemHandler } from './problem-details.ts';
import { requestContext } from './request-context.ts';
import { observeRequests } from './request-observer.ts';

/** The HTTP application: what every request passes, in order, around the routes of the service. */
export function createApp(options: {
  logger: Logger;
  events: EventStream<HttpEvent>;
  problems: ProblemCatalogue;
  routers: readonly Router[];
}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  // `validateQuery` reads the query string itself; Express's parser would guess arrays out of repeated names.
  app.set('query parser', false);

  app.use(requestContext());
  app.use(observeRequests(options.events));
  app.use((req, res, next) => {
    res.setHeader('X-Content-Type-Options', 'nosniff');
    // RFC 9112, section 3.2.
    if (req.headers.host === undefined && req.httpVersion === '1.1') {
      throw new DomainError('malformed-request', 'The Host header is missing.');
    }
    next();
  });
  for (const router of options.routers) app.use(router);
  app.use(() => {
    throw new DomainError('route-not-found', 'There is nothing at this address.');
  });
  app.use(problemHandler(options.problems, options.logger));
  return app;
}
