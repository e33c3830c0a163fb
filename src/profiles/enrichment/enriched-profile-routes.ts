import type { Router } from 'express';
import { acceptsJson, resource, resourceRouter } from '../../platform/http/resource.ts';
import type { EnrichedProfileController } from './enriched-profile-controller.ts';

export function enrichedProfileRoutes(profiles: EnrichedProfileController): Router {
  const router = resourceRouter();
  resource(router, '/api/users/:id/enriched', { get: [acceptsJson, (req, res) => profiles.get(req, res)] });
  return router;
}
