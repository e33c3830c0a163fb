import type { User } from '../../src/profiles/users/user.ts';
import type { StoredUserQueries, UserQueries } from '../../src/profiles/users/user-queries.ts';
import type { UserView } from '../../src/profiles/users/user-view.ts';

/** The user that a view shows. */
export function userOf({ body }: UserView): User {
  const { createdAt, updatedAt, ...rest } = JSON.parse(body);
  return { ...rest, createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
}

/** What the use cases read when nothing is cached. */
export function uncached(stored: StoredUserQueries): UserQueries {
  return {
    find: async (id) => ({ view: (await stored.find(id)).view, cache: 'bypass' }),
    list: (query) => stored.list(query),
  };
}

export async function findUser(queries: Pick<StoredUserQueries, 'find'>, id: string): Promise<User | null> {
  const { view } = await queries.find(id);
  return view === null ? null : userOf(view);
}
