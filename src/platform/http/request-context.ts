import type { RequestHandler, Response } from 'express';
import { v7 as uuidv7 } from 'uuid';

const safeRequestId = /^[\w.~:/+=@-]{1,128}$/;

/** Gives every request an id, the caller's own if it is 1–128 safe characters, and answers it in `X-Request-Id`. */
export function requestContext(): RequestHandler {
  return (req, res, next) => {
    const requestId = requestIdFor(req.headers['x-request-id']);
    res.locals['requestId'] = requestId;
    res.setHeader('X-Request-Id', requestId);
    next();
  };
}

/** The id for a request with this `X-Request-Id`, if any. */
export function requestIdFor(given: string | string[] | undefined): string {
  return typeof given === 'string' && safeRequestId.test(given) ? given : uuidv7();
}

/** The id of the request that `res` answers. */
export function requestIdOf(res: Response): string {
  return String(res.locals['requestId']);
}

/** The trace of the request that `res` answers; undefined when it has none. */
export function traceIdOf(res: Response): string | undefined {
  const traceId: unknown = res.locals['traceId'];
  return typeof traceId === 'string' ? traceId : undefined;
}
