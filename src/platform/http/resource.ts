import { type RequestHandler, Router } from 'express';
import { DomainError } from '../domain-error.ts';
import { contextOf } from './request-context.ts';

const methodsOfResources = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof methodsOfResources)[number];

/** A router to whose resources case and a slash at the end matter: a path that is not described leads nowhere. */
export function resourceRouter(): Router {
  return Router({ caseSensitive: true, strict: true });
}

/**
 * Mounts the methods that a resource supports. Any other one is answered with 405 and `Allow`, and OPTIONS with the
 * same list (RFC 9110, section 9.3.7).
 *
 * @param path what it is called in log, metrics and traces
 * @param paths where it is, if that is not `path`
 */
export function resource(
  router: Router,
  path: string,
  methods: Partial<Record<Method, RequestHandler[]>>,
  paths: readonly string[] = [path],
): void {
  const route = router.route([...paths]);
  const supported = methodsOfResources.filter((method) => methods[method] !== undefined);
  const allow = [
    ...supported.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])),
    'OPTIONS',
  ];

  route.all((req, res, next) => {
    contextOf(res).route = path;
    if (allow.includes(req.method) && req.method !== 'OPTIONS') {
      next();
      return;
    }
    res.setHeader('Allow', allow.join(', '));
    if (req.method !== 'OPTIONS') {
      throw new DomainError('method-not-allowed', `The resource supports ${allow.join(', ')}.`);
    }
    res.statusCode = 204;
    res.end();
  });
  for (const method of supported) route[method](...(methods[method] ?? []));
}

/** Refuses requests whose `Accept` rules JSON out. */
export const acceptsJson: RequestHandler = (req, _res, next) => {
  const { accept = '*/*' } = req.headers;
  // What nearly all clients say needs no negotiation.
  const isPlain = accept === '*/*' || accept === 'application/json';
  if (!isPlain && req.accepts(['application/json', 'application/problem+json']) === false) {
    throw new DomainError('not-acceptable', 'The API answers in application/json.');
  }
  next();
};
