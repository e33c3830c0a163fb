import type { CacheStatus } from '../../platform/cache/cache-entry.ts';
import { searchKey } from './text-keys.ts';
import type { UserView } from './user-view.ts';

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

/** What the database has. */
export interface StoredUser {
  /** Null: there is no such user. */
  readonly view: UserView | null;
  /** Whether a cache may keep it: it has a revision. */
  readonly mayBeKept: boolean;
}

/** What was found, and how. */
export interface UserLookup {
  /** Null: there is no such user. */
  readonly view: UserView | null;
  readonly cache: CacheStatus;
  /** How long the cache was asked for, and the database; undefined: it was not. */
  readonly cacheMs?: number;
  readonly databaseMs?: number;
}

/** Reading, outside of any transaction: what is committed. */
export interface StoredUserQueries extends UserLists {
  find(id: string): Promise<StoredUser>;
}

/** Reading, outside of any transaction: what is committed, as this process knows it. */
export interface UserQueries extends UserLists {
  find(id: string): Promise<UserLookup>;
}

interface UserLists {
  /**
   * The first `limit` users in the order of `sort`, ties by id.
   *
   * Keyset pagination (https://use-the-index-luke.com/no-offset): a page costs the same at any depth, and users that
   * come and go do not shift it.
   */
  list(query: UserListQuery): Promise<readonly UserView[]>;
}

/** What this process remembers. */
export interface UserMemory {
  /** At once. Null: there is no such user; undefined: it remembers neither. */
  peek(id: string): UserView | null | undefined;
  /** Whether it remembers such a user. */
  has(id: string): boolean;
}

/** Where `user` stands in the order of `sort`. */
export function positionOf({ id, body }: UserView, sort: UserSort): UserPosition {
  const { name, createdAt }: { name: string; createdAt: string } = JSON.parse(body);
  return { key: sort === 'name' || sort === '-name' ? searchKey(name) : createdAt, id };
}
