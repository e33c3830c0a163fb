import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startTcpForwarder, type TcpForwarder } from '../../system/tcp-forwarder.ts';
import { freePort } from '../../helpers/child-process.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type OwnRedis, redisMissing, startRedis } from '../../helpers/redis-server.ts';
import { describeWith } from '../../helpers/services.ts';
import { administrator, type CacheProcess, journalKey, keyPrefix, startCacheProcess } from './redis-cache-fixture.ts';
import { ScriptedJournal } from './scripted-journal.ts';

describeWith(redisMissing, 'A process that begins to use what is in Redis', () => {
  let redis: OwnRedis;
  let admin: Redis;
  let journal: ScriptedJournal;
  const cleanUp: (() => void | Promise<void>)[] = [];

  beforeEach(async () => {
    redis = await startRedis();
    admin = administrator(redis.url);
    journal = new ScriptedJournal();
    cleanUp.push(
      () => redis.kill(),
      () => admin.disconnect(),
    );
  });
  afterEach(async () => {
    for (const each of cleanUp.splice(0).toReversed()) await each();
  });

  const start = async (url = redis.url): Promise<CacheProcess> => {
    const process = await startCacheProcess(url, journal);
    cleanUp.push(() => process.stop());
    return process;
  };
  const startJoined = async (): Promise<CacheProcess> => {
    const process = await start();
    await process.hasJoined();
    return process;
  };
  /** Stores what the last change of `key` has made of it. */
  const write = async (process: CacheProcess, key: string): Promise<number> => {
    const revision = journal.write(key);
    process.cache.put(key, { revision, value: `${revision}` });
    expect(await process.putEnds()).toBe('stored');
    process.tail.catchUp();
    await eventually(async () => expect(await admin.hget(journalKey, 'position')).toBe(`${revision}`));
    return revision;
  };
  const startForwarder = async (): Promise<{ url: string; cut(): Promise<void>; mend(): Promise<void> }> => {
    const port = await freePort();
    const target = { host: '127.0.0.1', port: Number(new URL(redis.url).port) };
    let forwarder: TcpForwarder = await startTcpForwarder(port, target);
    cleanUp.push(() => forwarder.close().catch(() => {}));
    return {
      url: `redis://127.0.0.1:${port}`,
      cut: async () => await forwarder.close(),
      mend: async () => {
        forwarder = await startTcpForwarder(port, target);
      },
    };
  };

  it('keeps what others have stored, but for what has changed since', async () => {
    const before = await startJoined();
    const kept = await write(before, 'kept');
    await write(before, 'changed');
    await before.stop();
    journal.write('changed');

    const after = await startJoined();
    expect(after.told).toContainEqual({ type: 'joined', entries: 'kept' });
    expect(await after.cache.get('kept')).toEqual({ revision: kept, value: `${kept}` });
    expect(await after.cache.get('changed')).toBeNull();
  });

  it('drops everything when more has changed than can be pushed', async () => {
    const before = await startJoined();
    await write(before, 'kept');
    await before.stop();
    for (let i = 0; i < 10_001; i++) journal.write('other');

    const after = await startJoined();
    expect(after.told).toContainEqual({ type: 'joined', entries: 'dropped' });
    expect(await after.cache.get('kept')).toBeNull();
  });

  it('drops everything when the journal is another one, with fewer changes', async () => {
    const before = await startJoined();
    await write(before, 'a');
    await write(before, 'a');
    await before.stop();
    journal = new ScriptedJournal();
    journal.write('a');

    const after = await startJoined();
    expect(after.told).toContainEqual({ type: 'joined', entries: 'dropped' });
    expect(await after.cache.get('a')).toBeNull();
    after.cache.put('a', { revision: 1, value: 'of the other journal' });
    expect(await after.putEnds()).toBe('stored');
  });

  it('agrees on one generation with others that begin at the same time', async () => {
    const processes = await Promise.all(Array.from({ length: 5 }, () => start()));
    await Promise.all(processes.map((each) => each.hasJoined()));
    const joined = processes.flatMap(({ told }) => told.filter(({ type }) => type === 'joined'));
    expect(joined.filter((event) => event.type === 'joined' && event.entries === 'dropped')).toHaveLength(1);
    const [first, ...others] = processes;
    first?.cache.put('a', { revision: 1, value: 'one' });
    await first?.putEnds();
    for (const other of others) expect(await other.cache.get('a')).toEqual({ revision: 1, value: 'one' });
  });

  it('waits until it follows the journal', async () => {
    const process = await startCacheProcess(redis.url, journal, { isStarted: false });
    cleanUp.push(() => process.stop());
    process.tail.isFollowing = false;
    process.cache.start({ tail: process.tail, feed: journal.feed });
    await process.hasLeft('not-following');
    expect(await admin.exists(journalKey)).toBe(0);
    process.tail.isFollowing = true;
    await process.hasJoined();
  });

  it('waits until the journal can be read', async () => {
    journal.isReadable = false;
    const process = await start();
    await process.hasLeft('journal-unreadable');
    journal.isReadable = true;
    await process.hasJoined();
  });

  it('learns what has changed while it was cut off, and nobody pushed it', async () => {
    const forwarder = await startForwarder();
    const process = await start(forwarder.url);
    await process.hasJoined();
    await write(process, 'changed');
    const kept = await write(process, 'kept');

    await forwarder.cut();
    await process.hasLeft('not-connected');
    expect(await process.cache.get('kept')).toBeNull();
    journal.write('changed');
    process.tail.catchUp();
    await forwarder.mend();
    await process.hasJoined(2);

    expect(await process.cache.get('changed')).toBeNull();
    expect(await process.cache.get('kept')).toEqual({ revision: kept, value: `${kept}` });
  });

  it('does not bring back what another has changed while it was cut off', async () => {
    const forwarder = await startForwarder();
    const [cutOff, other] = [await start(forwarder.url), await startJoined()];
    await cutOff.hasJoined();
    const old = await write(cutOff, 'a');

    await forwarder.cut();
    await cutOff.hasLeft('not-connected');
    await write(other, 'b');
    const recent = await write(other, 'a');
    await forwarder.mend();
    await cutOff.hasJoined(2);
    cutOff.cache.put('a', { revision: old, value: 'old' });
    expect(await cutOff.putEnds()).toBe('newer');
    expect(await cutOff.cache.get('a')).toEqual({ revision: recent, value: `${recent}` });
  });

  it('begins anew when Redis has forgotten everything, and with it all others', async () => {
    const [one, other] = [await startJoined(), await startJoined()];
    const revision = await write(one, 'a');
    const entry = await admin.get(`${keyPrefix}a`);
    await admin.flushall();
    // An entry that has survived: nobody knows whether what has changed it was pushed.
    await admin.set(`${keyPrefix}a`, entry ?? '');
    await Promise.all([one.hasLeft('another-journal'), other.hasLeft('another-journal')]);
    await Promise.all([one.hasJoined(2), other.hasJoined(2)]);
    expect(await other.cache.get('a')).toBeNull();

    one.cache.put('a', { revision, value: 'again' });
    expect(await one.putEnds()).toBe('stored');
    expect(await other.cache.get('a')).toEqual({ revision, value: 'again' });
  });

  it('begins anew when somebody has written over the journal of the cache', async () => {
    const process = await startJoined();
    await admin.set(journalKey, 'garbage');
    await process.hasJoined(2);
    await admin.hset(journalKey, { position: 'garbage' });
    await process.hasJoined(3);
    await write(process, 'a');
  });

  it('notices by itself that Redis has become an old copy of what it was', async () => {
    const process = await startJoined();
    await write(process, 'a');
    const oldEntry = await admin.dump(`${keyPrefix}a`).then(() => admin.getBuffer(`${keyPrefix}a`));
    const oldJournal = await admin.hgetall(journalKey);
    const changed = await write(process, 'a');
    await admin.set(`${keyPrefix}a`, oldEntry ?? '');
    await admin.hset(journalKey, oldJournal);

    await process.hasLeft('another-journal');
    await process.hasJoined(2);
    expect(await process.cache.get('a')).toBeNull();
    expect(await admin.get(`${keyPrefix}a`)).toMatch(new RegExp(`:${changed}:-$`));
  });

  it('joins again after its connection was lost, however short the time: it may be another Redis', async () => {
    const process = await startJoined();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await process.hasLeft('not-connected');
    await process.hasJoined(2);
    expect(process.told).toContainEqual({ type: 'joined', entries: 'kept' });
  });

  it('begins anew after a restart of Redis, without a restart of its own', async () => {
    const process = await startJoined();
    await write(process, 'a');
    await redis.kill();
    await process.hasLeft('not-connected');
    await redis.start();
    await process.hasJoined(2);
    expect(await process.cache.get('a')).toBeNull();
    await write(process, 'a');
  });

  it('leaves when it is not known any more what has changed, and learns that from the journal', async () => {
    const process = await startJoined();
    await write(process, 'a');
    journal.write('a');
    process.tail.tell('everything');
    expect(await process.cache.get('a')).toBeNull();
    await process.hasJoined(2);
    expect(await process.cache.get('a')).toBeNull();
  });

  it('drops everything when the journal is another one, though that has as many changes', async () => {
    const [one, other] = [await startJoined(), await startJoined()];
    await write(one, 'a');
    for (const process of [one, other]) process.tail.tell('another-log');
    for (const process of [one, other]) await process.hasJoined(2);
    expect(await one.cache.get('a')).toBeNull();
    one.cache.put('b', { revision: 1, value: 'of the other journal' });
    expect(await one.putEnds()).toBe('stored');
    expect(await other.cache.get('b')).toEqual({ revision: 1, value: 'of the other journal' });
    const dropped = [...one.told, ...other.told].filter((each) => each.type === 'joined' && each.entries === 'dropped');
    // When the first of them came, and once now.
    expect(dropped).toHaveLength(2);
  });

  it('drops what there is when an operator deletes the journal of the cache', async () => {
    const [one, other] = [await startJoined(), await startJoined()];
    await write(one, 'a');
    await admin.del(journalKey);
    await eventually(async () => expect([await one.cache.get('a'), await other.cache.get('a')]).toEqual([null, null]));
    await Promise.all([one.hasJoined(2), other.hasJoined(2)]);
    const revision = journal.write('a');
    one.cache.put('a', { revision, value: 'anew' });
    expect(await one.putEnds()).toBe('stored');
    expect(await other.cache.get('a')).toEqual({ revision, value: 'anew' });
  });
});
