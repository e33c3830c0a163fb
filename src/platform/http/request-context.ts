import type { RequestHandler, Response } from 'express';
import { v7 as uuidv7 } from 'uuid';

const safeRequestId = /^[\w.~:/+=@-]{1,128}$/;

/** Gives every request an id, the caller's own if it is 1–128 safe characters, and answers it in `X-Request-Id`. */
export function requestContext(): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given !== undefined && safeRequestId.test(given) ? given : uuidv7();
    res.locals['requestId'] = requestId;
    res.setHeader('X-Request-Id', requestId);
    next();
  };
}

/** The id of the request that `res` answers. */
export function requestIdOf(res: Response): string {
  return String(res.locals['requestId']);
}
