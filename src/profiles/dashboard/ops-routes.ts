import type { Router } from 'express';
import { jsonBody } from '../../platform/http/json-body.ts';
import { requireOpsToken } from '../../platform/http/ops-token.ts';
import { acceptsJson, resource, resourceRouter } from '../../platform/http/resource.ts';
import type { OpsController } from './ops-controller.ts';

export interface OpsAccess {
  /** What callers have to show; null: nothing. */
  readonly opsToken: string | null;
  /** Without it, what changes something is not there. */
  readonly opsControls: boolean;
}

export function opsRoutes(ops: OpsController, { opsToken, opsControls }: OpsAccess): Router {
  const router = resourceRouter();
  const guard = requireOpsToken(opsToken);
  const isJson = [acceptsJson, ...jsonBody('PUT', ['application/json'])];

  resource(router, '/ops/resilience', { get: [guard, acceptsJson, (req, res) => ops.snapshot(req, res)] });
  resource(router, '/ops/resilience/stream', { get: [guard, (req, res) => ops.stream(req, res)] });
  if (!opsControls) return router;

  // A page of another origin cannot send this media type: its browser would ask first, and be refused.
  resource(router, '/ops/breakers/:name', { put: [guard, ...isJson, (req, res) => ops.controlBreaker(req, res)] });
  resource(router, '/ops/provider', {
    get: [guard, acceptsJson, (req, res) => ops.readProvider(req, res)],
    put: [guard, ...isJson, (req, res) => ops.changeProvider(req, res)],
  });
  return router;
}
