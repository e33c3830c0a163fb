import type { LookupHeaders } from '../../platform/http/lookup-headers.ts';
import type { Lifecycle } from '../../platform/lifecycle.ts';
import type { Telemetry } from '../../platform/telemetry/create-telemetry.ts';
import type { UserService } from '../users/user-service.ts';
import { createEnrichmentClient } from './create-enrichment-client.ts';
import { EnrichedProfileController } from './enriched-profile-controller.ts';
import { enrichedProfileHotPath } from './enriched-profile-hot-path.ts';
import { enrichedProfileRoutes } from './enriched-profile-routes.ts';
import { EnrichedProfileService } from './enriched-profile-service.ts';
import type { EnrichmentConfig } from './enrichment-config.ts';

/** Profiles with what the provider knows, from the provider to the routes. */
export function createEnrichedProfiles(
  config: EnrichmentConfig,
  parts: {
    readonly users: UserService;
    readonly lookupHeaders: LookupHeaders;
    readonly telemetry: Telemetry;
    readonly lifecycle: Lifecycle;
  },
) {
  const { client, ...enrichment } = createEnrichmentClient(config, parts);
  const service = new EnrichedProfileService(parts.users, client);
  const controller = new EnrichedProfileController(service, parts.lookupHeaders);
  return { enrichment, router: enrichedProfileRoutes(controller), hotPath: enrichedProfileHotPath(controller) };
}
