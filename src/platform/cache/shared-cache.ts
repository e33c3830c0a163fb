import type { ChangeFeed } from '../journal/change-feed.ts';
import type { JournalTail } from '../journal/journal-tail.ts';
import type { CacheEntry } from './cache-entry.ts';

/**
 * The second level of a cache, shared by processes. It is a help and no need: nothing here throws or takes longer than
 * 50 ms, and while it cannot be trusted it has nothing.
 */
export interface SharedCache<T> {
  /** Null: it is not there, or cannot be had now. */
  get(key: string): Promise<CacheEntry<T> | null>;
  /** In the background: stores the entry, unless something newer is there. It may as well be lost. */
  put(key: string, entry: CacheEntry<T>): void;
}

/** A `SharedCache` that follows the journal of what it caches: it has nothing before its start and after its stop. */
export interface FollowingSharedCache<T> extends SharedCache<T> {
  /** From now on it passes on what `tail` tells. */
  start(journal: SharedCacheJournal): void;
  stop(): Promise<void>;
}

export interface SharedCacheJournal {
  readonly tail: Pick<JournalTail, 'isFollowing' | 'settledPosition' | 'subscribe'>;
  /** Where changes are read that went by unseen. */
  readonly feed: ChangeFeed;
}
