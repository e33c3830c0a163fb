import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventually } from '../../helpers/eventually.ts';
import { type OwnRedis, redisMissing, startRedis } from '../../helpers/redis-server.ts';
import { describeWith } from '../../helpers/services.ts';
import { administrator, type CacheProcess, journalKey, keyPrefix, startCacheProcess } from './redis-cache-fixture.ts';
import { ScriptedJournal } from './scripted-journal.ts';

describeWith(redisMissing, 'A cache in a Redis that fails', () => {
  let redis: OwnRedis;
  let admin: Redis;
  let journal: ScriptedJournal;
  let process: CacheProcess;
  let revision: number;
  const cleanUp: (() => void | Promise<void>)[] = [];

  beforeEach(async () => {
    redis = await startRedis();
    admin = administrator(redis.url);
    journal = new ScriptedJournal();
    process = await startCacheProcess(redis.url, journal);
    cleanUp.push(
      () => redis.kill(),
      () => admin.disconnect(),
      () => process.stop(),
    );
    await process.hasJoined();
    revision = journal.write('a');
    process.cache.put('a', { revision, value: 'stored' });
    await process.putEnds();
    expect(await process.cache.get('a')).toEqual({ revision, value: 'stored' });
  });
  afterEach(async () => {
    for (const each of cleanUp.splice(0).toReversed()) await each();
  });

  const count = (type: string): number => process.told.filter((event) => event.type === type).length;
  const timed = async <T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> => {
    const startedAt = performance.now();
    return { result: await work(), ms: performance.now() - startedAt };
  };
  const stored = async (): Promise<string> => (await admin.get(`${keyPrefix}a`)) ?? '';

  it.each<[string, (text: string) => string]>([
    ['with a bit that has tipped over', (text) => text.replace('stored', 'stosed')],
    ['cut short', (text) => text.slice(0, -1)],
    ['of another format', (text) => text.replace(/^1/, '2')],
    ['that is no text of ours', () => '{"id":"a"}'],
    ['with a checksum that is none', (text) => text.replace(/:[0-9a-f]+:stored/, ':zz:stored')],
    ['that is empty', () => ''],
  ])('has no entry where there is one %s, until one is stored again', async (_what, spoil) => {
    await admin.set(`${keyPrefix}a`, spoil(await stored()));
    expect(await process.cache.get('a')).toBeNull();
    expect(count('entry-unreadable')).toBe(1);
    process.cache.put('a', { revision, value: 'again' });
    expect(await process.putEnds()).toBe('stored');
    expect(await process.cache.get('a')).toEqual({ revision, value: 'again' });
  });

  it('has no entry where that of another key stands', async () => {
    await admin.copy(`${keyPrefix}a`, `${keyPrefix}b`);
    expect(await process.cache.get('b')).toBeNull();
    expect(count('entry-unreadable')).toBe(1);
  });

  it('has no entry where something of another type stands, and replaces it', async () => {
    await admin.del(`${keyPrefix}a`);
    await admin.lpush(`${keyPrefix}a`, 'x');
    expect(await process.cache.get('a')).toBeNull();
    expect(count('entry-unreadable')).toBe(1);
    process.cache.put('a', { revision, value: 'again' });
    expect(await process.putEnds()).toBe('stored');

    await admin.del(`${keyPrefix}a`);
    await admin.lpush(`${keyPrefix}a`, 'x');
    const changed = journal.write('a');
    process.tail.catchUp();
    await eventually(async () => expect(await admin.type(`${keyPrefix}a`)).toBe('string'));
    expect(await stored()).toMatch(new RegExp(`:${changed}:-$`));
  });

  it('goes on without an entry that was evicted', async () => {
    await admin.del(`${keyPrefix}a`);
    expect(await process.cache.get('a')).toBeNull();
  });

  it('goes on without scripts that Redis has forgotten', async () => {
    await admin.script('FLUSH');
    process.cache.put('a', { revision: revision + 1, value: 'more' });
    expect(await process.putEnds()).toBe('stored');
    expect(count('left')).toBe(0);
  });

  it('has what it had while Redis is full, stores nothing, and drops what has changed', async () => {
    await admin.config('SET', 'maxmemory', '1');
    process.cache.put('b', { revision: 1, value: 'no room' });
    await eventually(() => expect(process.told).toContainEqual(expect.objectContaining({ outcome: 'failure' })));
    expect(await process.cache.get('b')).toBeNull();
    expect(await process.cache.get('a')).toEqual({ revision, value: 'stored' });

    journal.write('a');
    process.tail.catchUp();
    await eventually(async () => expect(await process.cache.get('a')).toBeNull());
    expect(count('left')).toBe(0);

    await admin.config('SET', 'maxmemory', '0');
    process.cache.put('b', { revision: 1, value: 'room' });
    expect(await process.putEnds()).toBe('stored');
  });

  it('is not used while Redis is a replica, which cannot be told of changes', async () => {
    await admin.replicaof('127.0.0.1', 9);
    await process.hasLeft('READONLY');
    expect(await process.cache.get('a')).toBeNull();
    await admin.replicaof('NO', 'ONE');
    await process.hasJoined(2);
    expect(await process.cache.get('a')).toEqual({ revision, value: 'stored' });
  });

  it('is not used while Redis wants another password, and then with what it had', async () => {
    await admin.config('SET', 'requirepass', 'secret');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await process.hasLeft('not-connected');
    expect(await process.cache.get('a')).toBeNull();
    await admin.config('SET', 'requirepass', '');
    await process.hasJoined(2);
    expect(await process.cache.get('a')).toEqual({ revision, value: 'stored' });
  });

  it('is not used while the user may not run scripts', async () => {
    await admin.acl('SETUSER', 'default', '-evalsha');
    await process.hasLeft('NOPERM');
    expect(await process.cache.get('a')).toBeNull();
    await admin.acl('SETUSER', 'default', '+evalsha');
    await process.hasJoined(2);
  });

  it('costs its callers 50 ms a few times when Redis freezes, then nothing, and is used again after it has thawed', async () => {
    redis.freeze();
    const first = await timed(async () => await Promise.all(Array.from({ length: 20 }, () => process.cache.get('a'))));
    expect(first.result).toEqual(Array.from({ length: 20 }, () => null));
    expect(first.ms).toBeLessThan(500);
    expect(count('breaker-state-changed')).toBe(1);
    for (let i = 0; i < 50; i++) process.cache.put('a', { revision, value: 'late' });

    const later = await timed(async () => {
      for (let i = 0; i < 1_000; i++) expect(await process.cache.get('a')).toBeNull();
    });
    expect(later.ms).toBeLessThan(500);

    const written = journal.write('a');
    process.tail.catchUp();
    redis.thaw();
    const thawed = await timed(async () => await process.hasJoined(2));
    expect(thawed.ms).toBeLessThan(5_000);
    expect(await process.cache.get('a')).toBeNull();
    expect(await stored()).toMatch(new RegExp(`:${written}:-$`));
  });

  it('costs its callers no more when Redis is slow than when it is frozen', async () => {
    const durations: number[] = [];
    const endsAt = performance.now() + 3_000;
    // Each waits for the end of the pause before it.
    const slowing = (async () => {
      while (performance.now() < endsAt) await admin.call('CLIENT', 'PAUSE', '150', 'ALL');
    })();
    while (performance.now() < endsAt) {
      durations.push((await timed(async () => await process.cache.get('a'))).ms);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await slowing;
    // By what was asked of Redis in vain, which no busy machine adds to: five in a row open the breaker, and it stays
    // open for a second. Four may have come before the end that have not opened it.
    const inVain = process.told.filter((event) => event.type === 'call-ended' && event.outcome === 'timeout').length;
    const opened = process.told.filter((event) => event.type === 'breaker-state-changed' && event.to === 'open').length;
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThanOrEqual(4);
    expect(inVain).toBeLessThanOrEqual(5 * opened + 4);
    expect(durations.length).toBeGreaterThan(1_000);
    await eventually(async () => expect(await process.cache.get('a')).toEqual({ revision, value: 'stored' }));
  });

  it('does not take what was sent to a frozen Redis and arrives after something newer', async () => {
    redis.freeze();
    process.cache.put('a', { revision, value: 'sent before' });
    const other = await startCacheProcess(redis.url, journal);
    cleanUp.push(() => other.stop());
    const changed = journal.write('a');
    redis.thaw();
    await other.hasJoined();
    other.cache.put('a', { revision: changed, value: 'newer' });
    expect(await other.putEnds()).toBe('stored');
    await process.hasJoined();
    expect(await other.cache.get('a')).toEqual({ revision: changed, value: 'newer' });
  });

  it('takes nothing while nobody has told it of changes for long', async () => {
    await admin.hset(journalKey, { turnedAt: 1 });
    process.cache.put('a', { revision: revision + 1, value: 'more' });
    expect(await process.putEnds()).toBe('late');
    await eventually(async () => expect(Number(await admin.hget(journalKey, 'turnedAt'))).toBeGreaterThan(1));
    process.cache.put('a', { revision: revision + 1, value: 'more' });
    expect(await process.putEnds()).toBe('stored');
  });
});
