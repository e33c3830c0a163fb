import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { DomainError } from '../domain-error.ts';
import { crossOrigin } from './cross-origin.ts';
import type { ProblemHandler } from './problem-details.ts';
import type { ProxyTrust } from './proxy-trust.ts';

/** The HTTP application behind `requestPipeline`: what every request to it passes, in order, around the routes of the service. */
export function createApp(options: {
  answerProblem: ProblemHandler;
  /** Web origins whose pages may call the API and read what it says about itself. */
  corsOrigins: readonly string[];
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

  app.use((req, _res, next) => {
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
  // Express takes a function of four for one that handles errors.
  app.use((thrown: unknown, req: Request, res: Response, _next: NextFunction) =>
    options.answerProblem(thrown, req, res),
  );
  return app;
}
