import type { RedisConnection } from '../redis/redis-connection.ts';
import type { OperatedBreaker } from '../resilience/operated-breaker.ts';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { CacheEntry } from './cache-entry.ts';
import { createRedisCacheCalls, type RedisCacheCalls } from './redis-cache-calls.ts';
import type { RedisCacheEvent } from './redis-cache-events.ts';
import { putEntry, type StoredPut } from './redis-cache-scripts.ts';
import { RedisCacheSync } from './redis-cache-sync.ts';
import { type CacheCodec, readStoredText, toStoredText } from './redis-cache-text.ts';
import type { FollowingSharedCache, SharedCacheJournal } from './shared-cache.ts';

/** Longer than anything can be under way that has been read from the database, but see `floor` in redis-cache-scripts.ts. */
const guardMsMax = 60_000;
const textLengthMax = 128 * 1_024;
const putsMax = 200;

export interface RedisCacheOptions<T> {
  /** Opened and closed by its owner. */
  readonly connection: RedisConnection;
  readonly codec: CacheCodec<T>;
  /** In front of every key. No key begins with `|`, which is the cache's own. */
  readonly keyPrefix: string;
  /** How long an entry is kept. That there is none is kept for a minute at most. */
  readonly ttlMs: number;
  readonly events: EventStream<RedisCacheEvent>;
  readonly scheduler?: Scheduler;
}

/** The cache, and the breaker in front of its Redis. */
interface BreakingSharedCache<T> extends FollowingSharedCache<T> {
  /** For operators. */
  readonly breaker: OperatedBreaker;
}

/** A second level in Redis. Processes share what has the same prefix, and must then share the database, too. */
export function createRedisCache<T>(options: RedisCacheOptions<T>): BreakingSharedCache<T> {
  const { connection, keyPrefix, events, scheduler = systemScheduler } = options;
  const calls = createRedisCacheCalls(connection, events);
  const journalKey = `${keyPrefix}|journal`;
  const keyOf = (key: string): string => keyPrefix + key;
  const guardMs = Math.min(guardMsMax, options.ttlMs);
  const sync = new RedisCacheSync({ connection, calls, journalKey, keyOf, guardMs, scheduler, events });
  return new RedisCache({ ...options, calls, sync, journalKey, keyOf, guardMs });
}

interface Parts<T> extends Pick<RedisCacheOptions<T>, 'codec' | 'ttlMs' | 'events'> {
  readonly calls: RedisCacheCalls;
  readonly sync: RedisCacheSync;
  readonly journalKey: string;
  readonly keyOf: (key: string) => string;
  readonly guardMs: number;
}

class RedisCache<T> implements BreakingSharedCache<T> {
  readonly #parts: Parts<T>;
  readonly #puts = new Set<Promise<void>>();

  constructor(parts: Parts<T>) {
    this.#parts = parts;
  }

  get breaker(): OperatedBreaker {
    return this.#parts.calls.breaker;
  }

  start(journal: SharedCacheJournal): void {
    this.#parts.sync.start(journal);
  }

  async stop(): Promise<void> {
    const { sync, calls } = this.#parts;
    await sync.stop();
    await Promise.all(this.#puts);
    calls.shutdown();
  }

  async get(plainKey: string): Promise<CacheEntry<T> | null> {
    const { calls, sync, codec, events, keyOf } = this.#parts;
    const { generation } = sync;
    if (generation === null) return null;
    const key = keyOf(plainKey);
    const result = await calls.run(async (client) => await client.get(key));
    // What has come from a Redis that cannot be trusted any more is of no use.
    if (generation !== sync.generation) return null;
    if (!('value' in result)) {
      if (result.code === 'WRONGTYPE') events.emit({ type: 'entry-unreadable' });
      return null;
    }
    if (result.value === null) return null;
    const stored = readStoredText(result.value, { key, plainKey, generation, codec });
    if (typeof stored === 'object') return stored;
    if (stored === 'unreadable') events.emit({ type: 'entry-unreadable' });
    return null;
  }

  put(plainKey: string, entry: CacheEntry<T>): void {
    const { sync, codec, ttlMs, guardMs, events, keyOf } = this.#parts;
    const { generation, seen } = sync;
    if (generation === null) return;
    const key = keyOf(plainKey);
    const text = toStoredText(key, generation, entry, codec);
    // What stands there gives way to a marker all the same.
    if (text.length > textLengthMax) return;
    if (this.#puts.size >= putsMax) return events.emit({ type: 'put-rejected' });
    const { revision, value } = entry;
    const stored = { key, revision, text, ttlMs: value === null ? guardMs : ttlMs, seen, guardMs };
    const putting = this.#store(plainKey, generation, stored).finally(() => this.#puts.delete(putting));
    this.#puts.add(putting);
  }

  async #store(plainKey: string, generation: string, put: StoredPut): Promise<void> {
    const { calls, sync, journalKey, events } = this.#parts;
    const result = await calls.run(async (client) => await putEntry(client, journalKey, generation, put));
    // What was there before may be there still.
    if (!('value' in result)) return sync.noteChange(plainKey, put.revision);
    events.emit({ type: 'put-ended', outcome: result.value });
    if (result.value === 'lost' && generation === sync.generation) sync.leave('another-journal');
  }
}
