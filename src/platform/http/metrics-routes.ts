import type { Router } from 'express';
import { requireOpsToken } from './ops-token.ts';
import { resource, resourceRouter } from './resource.ts';
import { sendAnswer } from './responses.ts';

/** Figures in a text format of Prometheus. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** `/metrics`: what Prometheus scrapes. It asks no dependency, so that it tells of their troubles. */
export function metricsRoutes(source: MetricsSource, { opsToken }: { opsToken: string | null }): Router {
  const router = resourceRouter();
  resource(router, '/metrics', {
    get: [
      requireOpsToken(opsToken),
      async (_req, res) => {
        const headers = { 'Content-Type': source.contentType, 'Cache-Control': 'no-store' };
        sendAnswer(res, { status: 200, headers, body: await source.metrics() });
      },
    ],
  });
  return router;
}
