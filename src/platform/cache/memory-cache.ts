import { LRUCache } from 'lru-cache';
import type { Scheduler } from '../scheduler.ts';
import type { CacheEntry } from './cache-entry.ts';

/** So soon it is asked again whether there is something under a key that had nothing. */
const absentTtlMs = 10_000;
const absentMax = 10_000;
/** What an entry costs besides its key and its value. */
const overheadBytes = 256;
/** Of text, when it is not Latin. */
const bytesPerCharacter = 2;

export interface MemoryCacheOptions<T> {
  /** 0: nothing is kept. */
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly ttlMs: number;
  /** How many bytes a value takes, about. */
  readonly sizeOf: (value: T) => number;
  readonly scheduler: Pick<Scheduler, 'now'>;
}

/**
 * What this process remembers: the entries that were used last, bounded in number and bytes, each for a time.
 *
 * Keys with nothing under them have a store of their own, because anybody can ask for as many of them as he likes: a
 * scan must not push out what others read.
 */
export class MemoryCache<T> {
  readonly #isOff: boolean;
  readonly #present: LRUCache<string, CacheEntry<T>>;
  readonly #absent: LRUCache<string, CacheEntry<T>>;

  constructor({ entriesMax, bytesMax, ttlMs, sizeOf, scheduler }: MemoryCacheOptions<T>) {
    this.#isOff = entriesMax === 0;
    // With no resolution, it sets no timers.
    const clock = { perf: { now: () => scheduler.now() }, ttlResolution: 0 };
    this.#present = new LRUCache<string, CacheEntry<T>>({
      ...clock,
      max: Math.max(1, entriesMax),
      maxSize: bytesMax,
      sizeCalculation: ({ value }, key) =>
        overheadBytes + bytesPerCharacter * key.length + (value === null ? 0 : sizeOf(value)),
      ttl: ttlMs,
    });
    this.#absent = new LRUCache<string, CacheEntry<T>>({
      ...clock,
      max: Math.max(1, Math.min(entriesMax, absentMax)),
      ttl: absentTtlMs,
    });
  }

  /** How many entries it has, those of keys without anything included. */
  get size(): number {
    return this.#present.size + this.#absent.size;
  }

  /** What the entries take that have a value, about. */
  get bytes(): number {
    return this.#present.calculatedSize;
  }

  get(key: string): CacheEntry<T> | undefined {
    return this.#present.get(key) ?? this.#absent.get(key);
  }

  /** Keeps `entry`, unless there is a newer one. */
  put(key: string, entry: CacheEntry<T>): void {
    if (this.#isOff || this.#revisionOf(key) > entry.revision) return;
    const [store, other] = entry.value === null ? [this.#absent, this.#present] : [this.#present, this.#absent];
    other.delete(key);
    store.set(key, entry);
  }

  /** Forgets an entry that is older than `revision`. */
  drop(key: string, revision: number): void {
    if (this.#revisionOf(key) >= revision) return;
    this.#present.delete(key);
    this.#absent.delete(key);
  }

  clear(): void {
    this.#present.clear();
    this.#absent.clear();
  }

  /** Of what is not there: less than any. */
  #revisionOf(key: string): number {
    return (this.#present.peek(key) ?? this.#absent.peek(key))?.revision ?? -1;
  }
}
