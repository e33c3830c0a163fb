import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventually } from '../../helpers/eventually.ts';
import { type OwnRedis, redisMissing, startRedis } from '../../helpers/redis-server.ts';
import { describeWith } from '../../helpers/services.ts';
import { administrator, type CacheProcess, journalKey, keyPrefix, startCacheProcess } from './redis-cache-fixture.ts';
import { ScriptedJournal } from './scripted-journal.ts';

describeWith(redisMissing, 'Entries in Redis', () => {
  let redis: OwnRedis;
  let admin: Redis;
  let journal: ScriptedJournal;
  let writer: CacheProcess;
  let reader: CacheProcess;

  beforeAll(async () => {
    redis = await startRedis();
    admin = administrator(redis.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.kill();
  });
  beforeEach(async () => {
    await admin.flushall();
    journal = new ScriptedJournal();
    [writer, reader] = await Promise.all([
      startCacheProcess(redis.url, journal),
      startCacheProcess(redis.url, journal),
    ]);
    await Promise.all([writer.hasJoined(), reader.hasJoined()]);
  });
  afterEach(async () => {
    await Promise.all([writer.stop(), reader.stop()]);
  });

  const put = async (revision: number, value: string | null, process = writer): Promise<string> => {
    process.cache.put('a', { revision, value });
    return await process.putEnds();
  };

  it('are read by another process as they were put', async () => {
    expect(await reader.cache.get('a')).toBeNull();
    expect(await put(1, 'one:é😀')).toBe('stored');
    expect(await reader.cache.get('a')).toEqual({ revision: 1, value: 'one:é😀' });
  });

  it('say that there is none, for a minute at most', async () => {
    await put(1, null);
    expect(await reader.cache.get('a')).toEqual({ revision: 1, value: null });
    expect(await admin.pttl(`${keyPrefix}a`)).toBeLessThanOrEqual(60_000);
  });

  it('live as long as they were given', async () => {
    await put(1, 'one');
    const ttlMs = await admin.pttl(`${keyPrefix}a`);
    expect(ttlMs).toBeGreaterThan(3_590_000);
    expect(ttlMs).toBeLessThanOrEqual(3_600_000);
  });

  it('are not replaced by older ones, whichever process has them', async () => {
    await put(2, 'two');
    expect(await put(1, 'one', reader)).toBe('newer');
    expect(await put(1, null)).toBe('newer');
    expect(await reader.cache.get('a')).toEqual({ revision: 2, value: 'two' });
    expect(await put(10, 'ten')).toBe('stored');
    expect(await put(9, 'nine')).toBe('newer');
  });

  it('are gone when the journal tells of a newer change, and cannot come back', async () => {
    const first = journal.write('a');
    for (const process of [writer, reader]) process.tail.catchUp();
    await put(first, 'first');

    const second = journal.write('a');
    reader.tail.catchUp();
    await eventually(async () => expect(await writer.cache.get('a')).toBeNull());
    // The writer does not know of the second change yet.
    expect(await put(first, 'first')).toBe('newer');
    expect(await writer.cache.get('a')).toBeNull();
    expect(await put(second, 'second')).toBe('stored');
    expect(await reader.cache.get('a')).toEqual({ revision: second, value: 'second' });
  });

  it('stay when the journal tells of the change that they show', async () => {
    const seq = journal.write('a');
    await put(seq, 'written');
    for (const process of [writer, reader]) process.tail.catchUp();
    await eventually(async () => expect(await admin.hget(journalKey, 'position')).toBe(`${seq}`));
    expect(await reader.cache.get('a')).toEqual({ revision: seq, value: 'written' });
  });

  it('are markers of changes for a minute, when nothing was stored since', async () => {
    const seq = journal.write('a');
    writer.tail.catchUp();
    await eventually(async () =>
      expect(await admin.get(`${keyPrefix}a`)).toMatch(new RegExp(`^1:[0-9a-f]+:${seq}:-$`)),
    );
    const ttlMs = await admin.pttl(`${keyPrefix}a`);
    expect(ttlMs).toBeGreaterThan(50_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });

  it('are not taken from a process that has not seen changes whose markers may be gone', async () => {
    const old = journal.write('a');
    for (const process of [writer, reader]) process.tail.catchUp();
    journal.write('a');
    reader.tail.catchUp();
    await eventually(async () => expect(await admin.hget(journalKey, 'position')).toBe(`${old + 1}`));
    // As after a minute, in which the writer has read no journal.
    await admin.del(`${keyPrefix}a`);
    await admin.hset(journalKey, { floor: old + 1 });

    expect(await put(old, 'old')).toBe('late');
    expect(await reader.cache.get('a')).toBeNull();
    writer.tail.catchUp();
    expect(await put(old + 1, 'new')).toBe('stored');
  });

  it('that are large are not stored, and those on their way are bounded', async () => {
    writer.cache.put('large', { revision: 1, value: 'x'.repeat(200_000) });
    for (let i = 0; i < 300; i++) writer.cache.put(`many-${i}`, { revision: 1, value: 'small' });
    const count = (type: string) => writer.told.filter((event) => event.type === type).length;
    await eventually(() => expect(count('put-ended')).toBe(200));
    expect(count('put-rejected')).toBe(100);
    expect(await reader.cache.get('large')).toBeNull();
  });

  it('are there for no process before its start and after its stop', async () => {
    await put(1, 'one');
    const idle = await startCacheProcess(redis.url, journal, { isStarted: false });
    expect(await idle.cache.get('a')).toBeNull();
    idle.cache.put('a', { revision: 2, value: 'two' });
    await idle.stop();
    await writer.stop();
    expect(await writer.cache.get('a')).toBeNull();
    expect(await reader.cache.get('a')).toEqual({ revision: 1, value: 'one' });
  });
});

describeWith(redisMissing, 'The markers of a cache', () => {
  it('are followed by the floor before they end', async () => {
    const redis = await startRedis();
    const admin = administrator(redis.url);
    const journal = new ScriptedJournal();
    // Entries that live for three seconds, and so do markers.
    const process = await startCacheProcess(redis.url, journal, { ttlMs: 3_000 });
    try {
      await process.hasJoined();
      const seq = journal.write('a');
      process.tail.catchUp();
      await eventually(async () => expect(await admin.exists(`${keyPrefix}a`)).toBe(1));
      await eventually(async () => expect(await admin.hget(journalKey, 'floor')).toBe(`${seq}`));
      expect(await admin.exists(`${keyPrefix}a`)).toBe(1);
    } finally {
      await process.stop();
      admin.disconnect();
      await redis.kill();
    }
  });
});
