/** What is known of one key. */
export interface CacheEntry<T> {
  /** The number of the change that it shows: of two entries for one key, the greater is the newer one. */
  readonly revision: number;
  /** Null: there is none. */
  readonly value: T | null;
}

/** What a source has brought. */
export interface LoadedEntry<T> {
  readonly entry: CacheEntry<T>;
  /** Whether its revision can be relied on: what cannot be told from an older one must not be kept. */
  readonly mayBeKept: boolean;
}

/** `bypass`: the cache was not asked, or may not keep what was found. */
export type CacheStatus = 'hit' | 'miss' | 'bypass';
