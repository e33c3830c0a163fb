import { Router } from 'express';
import type { Clock } from '../clock.ts';
import { resource } from './resource.ts';
import { sendJson } from './responses.ts';

/** One dependency's part in readiness. */
export interface ReadinessCheck {
  readonly name: string;
  /** Resolves when all is well; rejects with a reason that may be shown to anybody. */
  check(): Promise<void>;
}

/**
 * `/health` and `/ready`.
 *
 * Health says that the process lives and asks nobody, so that a database outage does not get healthy processes
 * restarted. Readiness asks each check, and takes the instance out of rotation while one fails.
 */
export function healthRoutes(options: {
  service: string;
  version: string;
  checks: readonly ReadinessCheck[];
  clock: Clock;
}): Router {
  const router = Router({ caseSensitive: true });

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
        const results = await Promise.all(options.checks.map(runCheck));
        const ready = results.every(({ status }) => status === 'up');
        res.setHeader('Cache-Control', 'no-store');
        sendJson(res, ready ? 200 : 503, {
          status: ready ? 'ready' : 'not-ready',
          checks: Object.fromEntries(results.map(({ name, ...result }) => [name, result])),
        });
      },
    ],
  });

  return router;
}

interface CheckResult {
  name: string;
  status: 'up' | 'down';
  latencyMs: number;
  detail?: string;
}

async function runCheck(readiness: ReadinessCheck): Promise<CheckResult> {
  const { name } = readiness;
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);
  try {
    await readiness.check();
    return { name, status: 'up', latencyMs: elapsedMs() };
  } catch (error) {
    return { name, status: 'down', latencyMs: elapsedMs(), detail: error instanceof Error ? error.message : 'failed' };
  }
}
