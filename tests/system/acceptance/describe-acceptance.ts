import { describeBadInput } from './bad-input.ts';
import { describeConcurrency } from './concurrency.ts';
import { describeEnrichment } from './enrichment.ts';
import { createHttpClient } from './http-client.ts';
import { describeListing } from './listing.ts';
import { describeOperations } from './operations.ts';
import type { Target } from './target.ts';
import { describeUserChanges } from './user-changes.ts';
import { describeUsers } from './users.ts';

/**
 * The contract as a client meets it: over HTTP and by nothing else, against a service that somebody has started.
 *
 * Every test makes its own users, so the database may be used, by others at the same time, too. The provider is the
 * mock of this repository, and is changed.
 *
 * @param url base address of the service
 * @param providerUrl base address of its mock provider
 */
export function describeAcceptance(url: string, providerUrl: string): void {
  const target: Target = { api: createHttpClient(url), provider: createHttpClient(providerUrl) };
  describeUsers(target);
  describeUserChanges(target);
  describeListing(target);
  describeBadInput(target);
  describeConcurrency(target);
  describeEnrichment(target);
  describeOperations(target);
}
