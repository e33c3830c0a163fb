import { Router } from 'express';
import { acceptsJson, resource } from '../../platform/http/resource.ts';
import type { UserChangesController } from './user-changes-controller.ts';

export function userChangesRoutes(changes: UserChangesController): Router {
  const router = Router({ caseSensitive: true });
  resource(router, '/api/users/:id/changes', { get: [acceptsJson, (req, res) => changes.list(req, res)] });
  return router;
}
