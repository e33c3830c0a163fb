import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { UserRepository } from './user-repository.ts';

/** What one transaction of the profile service can write. */
export interface ProfilesRepositories {
  readonly users: UserRepository;
}

export type ProfilesUnitOfWork = UnitOfWork<ProfilesRepositories>;
