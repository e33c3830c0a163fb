import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../../src/platform/clock.ts';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.ts';
import type { ProfilesWrite } from '../../src/profiles/users/profiles-repositories.ts';
import type { User, UserContent } from '../../src/profiles/users/user.ts';
import type { UserQueries } from '../../src/profiles/users/user-queries.ts';
import { type AllowedVersions, type UserPatch, UserService } from '../../src/profiles/users/user-service.ts';

/** What a unit of work offers to the use cases; the in-memory one has no more. */
export type UserRepositories = Pick<ProfilesWrite, 'users' | 'changes'>;

/** The use cases of users, each in a transaction of its own, as a request without an Idempotency-Key runs them. */
export class UserUseCases {
  readonly #unitOfWork: UnitOfWork<UserRepositories>;
  readonly service: UserService;

  constructor(unitOfWork: UnitOfWork<UserRepositories>, queries: UserQueries, clock: Clock) {
    this.#unitOfWork = unitOfWork;
    this.service = new UserService(queries, clock);
  }

  create(content: UserContent, id?: string): Promise<{ user: User; created: boolean }> {
    return this.#write((write) => this.service.create(write, content, id));
  }

  update(id: string, changes: Partial<UserContent>, allowed?: AllowedVersions): Promise<User> {
    return this.#write((write) => this.service.update(write, id, changes, allowed));
  }

  patch(id: string, patch: UserPatch, allowed?: AllowedVersions): Promise<User> {
    return this.#write((write) => this.service.patch(write, id, patch, allowed));
  }

  async remove(id: string, allowed?: AllowedVersions): Promise<void> {
    // A result that tells "done" from the null by which `recall` says "not found".
    await this.#write(async (write) => {
      await this.service.remove(write, id, allowed);
      return true;
    });
  }

  get(id: string): Promise<User> {
    return this.service.get(id);
  }

  #write<T>(work: (write: ProfilesWrite) => Promise<T>): Promise<T> {
    const origin = { changeId: uuidv7(), requestId: 'test' };
    return this.#unitOfWork.run(
      (repositories) => work({ ...repositories, origin }),
      async ({ changes }, result) => ((await changes.has(origin.changeId)) ? result : null),
    );
  }
}
