import type { HotPath } from '../../platform/http/hot-path.ts';
import { plainUserReadOf } from '../users/plain-user-read.ts';
import type { EnrichedProfileController } from './enriched-profile-controller.ts';

/** `GET /api/users/{id}/enriched` in its plain form. */
export function enrichedProfileHotPath(profiles: EnrichedProfileController): HotPath {
  return {
    route: '/api/users/:id/enriched',
    idOf: (req) => plainUserReadOf(req, '/enriched'),
    isAtHand: () => false,
    answer: (id, _req, res) => profiles.read(id, res),
  };
}
