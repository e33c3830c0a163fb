import type { LoadedEntry } from '../../platform/cache/cache-entry.ts';
import type { ReadThroughCache } from '../../platform/cache/read-through-cache.ts';
import type { StoredUserQueries, UserListQuery, UserLookup, UserMemory, UserQueries } from './user-queries.ts';
import type { UserView } from './user-view.ts';

/** Users by id out of a cache; lists always from the database. */
export class CachedUserQueries implements UserQueries, UserMemory {
  readonly #stored: StoredUserQueries;
  readonly #cache: ReadThroughCache<UserView>;

  constructor(stored: StoredUserQueries, cache: ReadThroughCache<UserView>) {
    this.#stored = stored;
    this.#cache = cache;
  }

  peek(id: string): UserView | null | undefined {
    return this.#cache.peek(id)?.value;
  }

  has(id: string): boolean {
    return this.#cache.has(id);
  }

  async find(id: string): Promise<UserLookup> {
    const { entry, status, sharedMs, loadMs } = await this.#cache.get(id, () => this.#load(id));
    return {
      view: entry.value,
      cache: status,
      ...(sharedMs === undefined ? {} : { cacheMs: sharedMs }),
      ...(loadMs === undefined ? {} : { databaseMs: loadMs }),
    };
  }

  async list(query: UserListQuery): Promise<readonly UserView[]> {
    return await this.#stored.list(query);
  }

  async #load(id: string): Promise<LoadedEntry<UserView>> {
    const { view, mayBeKept } = await this.#stored.find(id);
    // What was not found has no revision.
    return { entry: { revision: view?.revision ?? 0, value: view }, mayBeKept };
  }
}
