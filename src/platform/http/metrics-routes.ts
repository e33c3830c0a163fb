import type { Router } from 'express';
import type { Registry } from '../telemetry/metrics.ts';
import { requireOpsToken } from './ops-token.ts';
import { resource, resourceRouter } from './resource.ts';
import { sendAnswer } from './responses.ts';

/** `/metrics`: what Prometheus scrapes. It asks no dependency, so that it tells of their troubles. */
export function metricsRoutes(registry: Registry, { opsToken }: { opsToken: string | null }): Router {
  const router = resourceRouter();
  resource(router, '/metrics', {
    get: [
      requireOpsToken(opsToken),
      async (_req, res) => {
        const headers = { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' };
        sendAnswer(res, { status: 200, headers, body: await registry.metrics() });
      },
    ],
  });
  return router;
}
