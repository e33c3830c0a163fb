import type { UserLookup } from '../users/user-queries.ts';
import type { UserService } from '../users/user-service.ts';
import type { EnrichmentClient, EnrichmentFetchOptions, EnrichmentOutcome } from './enrichment-client.ts';

export interface EnrichedProfile {
  readonly user: UserLookup;
  /** Null: there is no such user. */
  readonly enrichment: EnrichmentOutcome | null;
  /** How long the provider was waited for; undefined: it was not asked. */
  readonly enrichmentMs?: number;
}

/** The profile together with what the provider knows, or the reason why that is missing. */
export class EnrichedProfileService {
  readonly #users: UserService;
  readonly #enrichment: EnrichmentClient;

  constructor(users: UserService, enrichment: EnrichmentClient) {
    this.#users = users;
    this.#enrichment = enrichment;
  }

  /**
   * Succeeds whenever the user can be read: the provider's troubles are part of the answer.
   *
   * @param request its signal is aborted when the caller no longer waits
   */
  async get(id: string, request: Required<EnrichmentFetchOptions>): Promise<EnrichedProfile> {
    // First the user: ids that nobody has must not reach the provider.
    const user = await this.#users.find(id);
    if (user.view === null) return { user, enrichment: null };
    const askedAt = performance.now();
    const enrichment = await this.#enrichment.fetch(id, request);
    return { user, enrichment, enrichmentMs: performance.now() - askedAt };
  }
}
