import type { User } from '../users/user.ts';
import type { UserService } from '../users/user-service.ts';
import type { EnrichmentClient, EnrichmentOutcome } from './enrichment-client.ts';

export interface EnrichedProfile {
  readonly user: User;
  readonly enrichment: EnrichmentOutcome;
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
   * @param signal aborted when the caller no longer waits
   * @throws UserNotFoundError
   */
  async get(id: string, signal: AbortSignal): Promise<EnrichedProfile> {
    // First the user: ids that nobody has must not reach the provider.
    const user = await this.#users.get(id);
    return { user, enrichment: await this.#enrichment.fetch(id, { signal }) };
  }
}
