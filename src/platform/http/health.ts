import type { Router } from 'express';
import type { Clock } from '../clock.ts';
import type { Readiness } from '../health/readiness.ts';
import { resource, resourceRouter } from './resource.ts';
import { sendJson } from './responses.ts';

/**
 * `/health` and `/ready`.
 *
 * Health says that the process lives and asks nobody, so that a database outage does not get healthy processes
 * restarted. Readiness takes the instance out of rotation while a check fails.
 */
export function healthRoutes(options: {
  service: string;
  version: string;
  readiness: Pick<Readiness, 'report'>;
  clock: Clock;
}): Router {
  const router = resourceRouter();

  resource(router, '/health', {
    get: [
      (_req, res) => {
        res.setHeader('Cache-Control', 'no-store');
        sendJson(res, 200, {
          status: 'healthy',
          service: options.service,
          version: options.version,
          uptimeSeconds: Math.floor(process.uptime()),
          timestamp: options.clock.now().toISOString(),
        });
      },
    ],
  });

  resource(router, '/ready', {
    get: [
      async (_req, res) => {
        const { ready, checks } = await options.readiness.report();
        res.setHeader('Cache-Control', 'no-store');
        sendJson(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not-ready', checks });
      },
    ],
  });

  return router;
}
