import type { Router } from 'express';
import { acceptsJson, resource, resourceRouter } from '../../platform/http/resource.ts';
import type { UserChangesController } from './user-changes-controller.ts';

export function userChangesRoutes(changes: UserChangesController): Router {
  const router = resourceRouter();
  resource(router, '/api/users/:id/changes', { get: [acceptsJson, (req, res) => changes.list(req, res)] });
  return router;
}
