import type { IdempotencyStore } from '../../platform/idempotency/idempotency-store.ts';
import type { ChangeJournal } from '../changes/change-journal.ts';
import type { UserRepository } from './user-repository.ts';

/** What one transaction of the profile service can write. */
export interface ProfilesRepositories {
  readonly users: UserRepository;
  readonly changes: ChangeJournal;
  readonly idempotency: IdempotencyStore;
}

/** What a use case works with that changes something. */
export interface ProfilesWrite {
  readonly users: UserRepository;
  readonly changes: ChangeJournal;
  /** Whose change it is, for the journal. */
  readonly origin: {
    /** One for each request that writes, however often its transaction is run. */
    readonly changeId: string;
    readonly requestId: string;
  };
}
