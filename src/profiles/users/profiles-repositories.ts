import type { ChangeOrigin } from '../../platform/http/idempotent-requests.ts';
import type { IdempotencyStore } from '../../platform/idempotency/idempotency-store.ts';
import type { ChangeJournal } from '../changes/change-journal.ts';
import type { UserProjection } from './user-projection.ts';
import type { UserRepository } from './user-repository.ts';

/** What one transaction of the profile service can write. */
export interface ProfilesRepositories {
  readonly users: UserRepository;
  readonly changes: ChangeJournal;
  readonly projection: UserProjection;
  readonly idempotency: IdempotencyStore;
}

/** What a use case works with that changes something. */
export interface ProfilesWrite {
  readonly users: UserRepository;
  readonly changes: ChangeJournal;
  readonly projection: UserProjection;
  readonly origin: ChangeOrigin;
}
