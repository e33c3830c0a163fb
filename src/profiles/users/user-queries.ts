import { searchKey } from './text-keys.ts';
import type { User } from './user.ts';

export const userSorts = ['createdAt', '-createdAt', 'name', '-name'] as const;
export type UserSort = (typeof userSorts)[number];

/** The place in a sorted list behind which a page begins: the sort key and id of the last user before it. */
export interface UserPosition {
  readonly key: string;
  readonly id: string;
}

export interface UserListQuery {
  readonly limit: number;
  readonly sort: UserSort;
  /** Only users behind this place. */
  readonly after?: UserPosition;
  /** Only the user with this e-mail key. */
  readonly emailKey?: string;
  /** Only users whose name, display name or e-mail has a search key that starts so. */
  readonly prefix?: string;
}

/** Reading, outside of any transaction: what is committed. */
export interface UserQueries {
  find(id: string): Promise<User | null>;
  /**
   * The first `limit` users in the order of `sort`, ties by id.
   *
   * Keyset pagination (https://use-the-index-luke.com/no-offset): a page costs the same at any depth, and users that
   * come and go do not shift it.
   */
  list(query: UserListQuery): Promise<readonly User[]>;
}

/** Where `user` stands in the order of `sort`. */
export function positionOf(user: User, sort: UserSort): UserPosition {
  const key = sort === 'name' || sort === '-name' ? searchKey(user.name) : user.createdAt.toISOString();
  return { key, id: user.id };
}
