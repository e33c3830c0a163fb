import type { RequestHandler } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import { requestIdOf } from './request-context.ts';

/** One line for each request, when its answer has gone out or its client has. Never a raw path: it holds user data. */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () => {
      const route: unknown = req.route?.path;
      const fields = {
        requestId: requestIdOf(res),
        method: req.method,
        route: typeof route === 'string' ? req.baseUrl + route : 'unmatched',
        status: res.statusCode,
        durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
        ...(res.locals['problemCode'] === undefined ? {} : { code: String(res.locals['problemCode']) }),
      };
      if (res.writableFinished) logger.info(fields, 'Request answered');
      else logger.info(fields, 'Request abandoned by its client');
    });
    next();
  };
}
