import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../../src/platform/clock.ts';
import type { UnitOfWork } from '../../src/platform/database/unit-of-work.ts';
import type { ProfilesWrite } from '../../src/profiles/users/profiles-repositories.ts';
import type { User, UserContent } from '../../src/profiles/users/user.ts';
import { UserNotFoundError } from '../../src/profiles/users/user-errors.ts';
import type { StoredUserQueries } from '../../src/profiles/users/user-queries.ts';
import { type AllowedVersions, type UserPatch, UserService } from '../../src/profiles/users/user-service.ts';
import { uncached, userOf } from './read-user.ts';

/** What a unit of work offers to the use cases; the in-memory one has no more. */
export type UserRepositories = Pick<ProfilesWrite, 'users' | 'changes' | 'projection'>;

/** The use cases of users, each in a transaction of its own, as a request without an Idempotency-Key runs them. */
export class UserUseCases {
  readonly #unitOfWork: UnitOfWork<UserRepositories>;
  readonly service: UserService;

  constructor(unitOfWork: UnitOfWork<UserRepositories>, queries: StoredUserQueries, clock: Clock) {
    this.#unitOfWork = unitOfWork;
    this.service = new UserService(uncached(queries), clock);
  }

  create(content: UserContent, id?: string): Promise<{ user: User; created: boolean }> {
    return this.#write(async (write) => {
      const { view, created } = await this.service.create(write, content, id);
      return { user: userOf(view), created };
    });
  }

  update(id: string, changes: Partial<UserContent>, allowed?: AllowedVersions): Promise<User> {
    return this.#write(async (write) => userOf(await this.service.update(write, id, changes, allowed)));
  }

  patch(id: string, patch: UserPatch, allowed?: AllowedVersions): Promise<User> {
    return this.#write(async (write) => userOf(await this.service.patch(write, id, patch, allowed)));
  }

  async remove(id: string, allowed?: AllowedVersions): Promise<void> {
    await this.#write((write) => this.service.remove(write, id, allowed));
  }

  /** @throws UserNotFoundError */
  async get(id: string): Promise<User> {
    const { view } = await this.service.find(id);
    if (view === null) throw new UserNotFoundError();
    return userOf(view);
  }

  #write<T>(work: (write: ProfilesWrite) => Promise<T>): Promise<T> {
    const origin = { changeId: uuidv7(), requestId: 'test' };
    return this.#unitOfWork.run(
      (repositories) => work({ ...repositories, origin }),
      async ({ changes }, result) => ((await changes.has(origin.changeId)) ? result : null),
    );
  }
}
