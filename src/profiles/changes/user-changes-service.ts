import { UserNotFoundError } from '../users/user-errors.ts';
import type { UserQueries } from '../users/user-queries.ts';
import type { ChangeQueries, RecordedChange } from './change-journal.ts';

/** What happened to a user. */
export class UserChangesService {
  readonly #changes: ChangeQueries;
  readonly #users: Pick<UserQueries, 'find'>;

  constructor(changes: ChangeQueries, users: Pick<UserQueries, 'find'>) {
    this.#changes = changes;
    this.#users = users;
  }

  /**
   * One page of a user's changes, oldest first, and whether there are more behind it. A user that was deleted keeps
   * its journal, and one that is older than the journal has an empty one.
   *
   * @throws UserNotFoundError when there neither is nor was such a user
   */
  async list(
    userId: string,
    { limit, after }: { limit: number; after?: number },
  ): Promise<{ changes: readonly RecordedChange[]; hasMore: boolean }> {
    const changes = await this.#changes.list({
      userId,
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
    });
    // Whoever has a cursor has seen changes.
    const isUnknown = changes.length === 0 && after === undefined;
    if (isUnknown && (await this.#users.find(userId)).view === null) throw new UserNotFoundError();
    return { changes: changes.slice(0, limit), hasMore: changes.length > limit };
  }
}
