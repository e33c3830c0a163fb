import type { JournalTail } from '../journal/journal-tail.ts';
import { CacheCounts } from './cache-counts.ts';
import type { CacheEntry, CacheStatus, LoadedEntry } from './cache-entry.ts';
import type { MemoryCache } from './memory-cache.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { SharedCache } from './shared-cache.ts';

/** What was found, and how. */
export interface CacheLookup<T> {
  readonly entry: CacheEntry<T>;
  readonly status: CacheStatus;
  /** How long the shared cache was asked, and the source; undefined: it was not. */
  readonly sharedMs?: number;
  readonly loadMs?: number;
}

/** One load for all who ask for a key. */
interface Flight<T> {
  readonly result: Promise<CacheLookup<T>>;
  readonly lease: Lease;
}

/** The right to store what a load brings: lost when the key changes while it is under way. */
interface Lease {
  isValid: boolean;
}

/** Longer than the journal can be silent while it counts as followed. */
const untoldMsMax = 3_000;

/**
 * Memory, then the shared cache, then the source. Who reads after a write of this process was answered sees it; writes
 * of others show as soon as the tail has told of them. See docs/decisions/0010.
 */
export class ReadThroughCache<T> {
  readonly counts = new CacheCounts();
  readonly #memory: MemoryCache<T>;
  readonly #recent: RecentChanges;
  readonly #tail: Pick<JournalTail, 'isFollowing' | 'skippedTo'>;
  readonly #shared: SharedCache<T> | null;
  readonly #flights = new Map<string, Flight<T>>();

  /** @param parts.tail to whose news it subscribes */
  constructor(parts: {
    readonly memory: MemoryCache<T>;
    readonly recent: RecentChanges;
    readonly tail: Pick<JournalTail, 'isFollowing' | 'skippedTo' | 'subscribe'>;
    readonly shared: SharedCache<T> | null;
  }) {
    this.#memory = parts.memory;
    this.#recent = parts.recent;
    this.#tail = parts.tail;
    this.#shared = parts.shared;
    parts.tail.subscribe((news) => {
      if (news === 'another-log') this.#recent.renumber();
      if (typeof news === 'string') this.#forgetAll();
      else for (const { key, seq } of news) this.#changed(key, seq);
    });
  }

  /** What this process's memory has, at once; undefined when it has nothing that may be used. */
  peek(key: string): CacheEntry<T> | undefined {
    if (!this.#tail.isFollowing) return undefined;
    const entry = this.#memory.get(key);
    if (entry !== undefined) this.counts.memoryHits += 1;
    return entry;
  }

  /** Whether `peek` would find a value; nothing is counted. */
  has(key: string): boolean {
    return this.#tail.isFollowing && (this.#memory.get(key)?.value ?? null) !== null;
  }

  /**
   * @param load reads the source: all that is committed when it is called. A revision of 0 says that it does not know
   *   which change it shows, as when there is nothing
   * @throws what `load` throws, to all who wait for it
   */
  async get(key: string, load: () => Promise<LoadedEntry<T>>): Promise<CacheLookup<T>> {
    // Nobody would tell of changes that what is kept, or shared with those who come later, has missed.
    if (!this.#tail.isFollowing) {
      const { entry: loaded, loadMs } = await timed(load);
      return { entry: loaded, status: 'bypass', loadMs };
    }
    const entry = this.#memory.get(key);
    if (entry !== undefined) {
      this.counts.memoryHits += 1;
      return { entry, status: 'hit' };
    }
    this.counts.memoryMisses += 1;
    return await (this.#flights.get(key) ?? this.#begin(key, load)).result;
  }

  /** A write of this process has been committed. To be called before it is answered. `value`: null after a deletion. */
  put(key: string, entry: CacheEntry<T>): void {
    this.#detach(key);
    this.#recent.settle(key, entry.revision);
    // Of a change that has replaced this one meanwhile, the tail may have said nothing.
    const mayBeReplaced = entry.revision <= this.#tail.skippedTo || this.#recent.mayBeOutdated(key, entry.revision);
    if (!this.#tail.isFollowing || mayBeReplaced) {
      // That the journal tells of this write is no news then.
      this.#memory.drop(key, entry.revision);
      return;
    }
    this.#memory.put(key, entry);
    this.#shared?.put(key, entry);
  }

  /** A write of this process may have been committed, or may still be: until that has shown, the source is asked. */
  doubt(key: string): void {
    this.#detach(key);
    this.#recent.doubt(key);
    this.#memory.drop(key, Number.POSITIVE_INFINITY);
  }

  /**
   * Somebody is told, without reading, what the source has of the key: until the journal has told of it, too, the source
   * is asked.
   */
  met(key: string): void {
    this.#detach(key);
    this.#recent.doubt(key, untoldMsMax);
    this.#memory.drop(key, Number.POSITIVE_INFINITY);
  }

  #changed(key: string, seq: number): void {
    // This process's own writes are known before the journal tells of them.
    if (!this.#recent.note(key, seq)) return;
    this.#detach(key);
    this.#memory.drop(key, seq);
  }

  #forgetAll(): void {
    for (const { lease } of this.#flights.values()) lease.isValid = false;
    this.#flights.clear();
    this.#memory.clear();
  }

  /** Who waits already gets what is being loaded; who comes now does not. */
  #detach(key: string): void {
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    flight.lease.isValid = false;
    this.#flights.delete(key);
  }

  #begin(key: string, load: () => Promise<LoadedEntry<T>>): Flight<T> {
    const lease = { isValid: true };
    const result = this.#find(key, lease, load).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    const flight: Flight<T> = { result, lease };
    this.#flights.set(key, flight);
    return flight;
  }

  async #find(key: string, lease: Lease, load: () => Promise<LoadedEntry<T>>): Promise<CacheLookup<T>> {
    const shared = await this.#findShared(key);
    if (shared.entry !== null) {
      this.#store(key, shared.entry, lease);
      return { entry: shared.entry, status: 'hit', ...shared.times };
    }
    const known = this.#recent.latestOf(key);
    const { entry: loaded, mayBeKept, loadMs } = await timed(load);
    if (!mayBeKept) {
      this.counts.fillsRefused += 1;
      return { entry: loaded, status: 'bypass', loadMs, ...shared.times };
    }
    const entry = sinceChange(loaded, known);
    // Absent keys are not shared: anybody can ask for as many of them as he likes.
    if (this.#store(key, entry, lease) && entry.value !== null) this.#shared?.put(key, entry);
    return { entry, status: 'miss', loadMs, ...shared.times };
  }

  async #findShared(
    key: string,
  ): Promise<{ readonly entry: CacheEntry<T> | null; readonly times: Pick<CacheLookup<T>, 'sharedMs'> }> {
    if (this.#shared === null) return { entry: null, times: {} };
    const askedAt = performance.now();
    const found = await this.#shared.get(key);
    const entry = found === null || this.#recent.mayBeOutdated(key, found.revision) ? null : found;
    if (entry === null) this.counts.sharedMisses += 1;
    else this.counts.sharedHits += 1;
    return { entry, times: { sharedMs: performance.now() - askedAt } };
  }

  #store(key: string, entry: CacheEntry<T>, lease: Lease): boolean {
    const mayBeStored = lease.isValid && entry.revision >= this.#recent.latestOf(key);
    if (mayBeStored) {
      this.counts.fillsStored += 1;
      this.#memory.put(key, entry);
    } else {
      this.counts.fillsRefused += 1;
    }
    return mayBeStored;
  }
}

/** What does not know which change it shows, shows at least the one that was known of when it was asked for. */
function sinceChange<T>(entry: CacheEntry<T>, known: number): CacheEntry<T> {
  return entry.revision === 0 && Number.isFinite(known) ? { ...entry, revision: known } : entry;
}

async function timed<T>(load: () => Promise<LoadedEntry<T>>): Promise<LoadedEntry<T> & { readonly loadMs: number }> {
  const askedAt = performance.now();
  const loaded = await load();
  return { ...loaded, loadMs: performance.now() - askedAt };
}
