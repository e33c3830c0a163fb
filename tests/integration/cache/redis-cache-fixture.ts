import { Redis } from 'ioredis';
import { createRedisCache } from '../../../src/platform/cache/redis-cache.ts';
import type { RedisCacheEvent } from '../../../src/platform/cache/redis-cache-events.ts';
import type { FollowingSharedCache } from '../../../src/platform/cache/shared-cache.ts';
import { createRedisConnection } from '../../../src/platform/redis/redis-connection.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { expect } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import type { ScriptedJournal, ScriptedTail } from './scripted-journal.ts';

export const keyPrefix = 'test||';
export const journalKey = `${keyPrefix}|journal`;

/** One process that shares the cache. */
export interface CacheProcess {
  readonly cache: FollowingSharedCache<string>;
  readonly tail: ScriptedTail;
  readonly told: readonly RedisCacheEvent[];
  /** Waits until it uses what is in Redis, for the `times`th time. */
  hasJoined(times?: number): Promise<void>;
  /** Waits until it does not. */
  hasLeft(code: string): Promise<void>;
  /** Waits until what was put has arrived. @returns what has become of it */
  putEnds(): Promise<string>;
  stop(): Promise<void>;
}

export async function startCacheProcess(
  url: string,
  journal: ScriptedJournal,
  { ttlMs = 3_600_000, isStarted = true }: { ttlMs?: number; isStarted?: boolean } = {},
): Promise<CacheProcess> {
  const rethrow = (error: unknown): never => {
    throw error;
  };
  const events = new EventStream<RedisCacheEvent>(rethrow);
  const told: RedisCacheEvent[] = [];
  events.subscribe((event) => void told.push(event));
  const connection = createRedisConnection(url, new EventStream(rethrow));
  const codec = { encode: (value: string) => value, decode: (text: string) => text };
  const cache = createRedisCache({ connection, codec, keyPrefix, ttlMs, events });
  const tail = journal.createTail();
  await connection.open();
  if (isStarted) cache.start({ tail, feed: journal.feed });

  const joins = () => told.filter(({ type }) => type === 'joined');
  const putsEnded = () => told.filter((event) => event.type === 'put-ended');
  let putsSeen = 0;
  return {
    cache,
    tail,
    told,
    hasJoined: async (times = 1) => await eventually(() => expect(joins().length).toBeGreaterThanOrEqual(times)),
    hasLeft: async (code) => await eventually(() => expect(told).toContainEqual({ type: 'left', code })),
    putEnds: async () => {
      await eventually(() => expect(putsEnded().length).toBeGreaterThan(putsSeen));
      return putsEnded()[putsSeen++]?.outcome ?? '';
    },
    stop: async () => {
      await cache.stop();
      connection.close();
    },
  };
}

/** A client of the test's own, by which it looks at Redis and changes it. */
export function administrator(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 50 });
  client.on('error', () => {});
  return client;
}
