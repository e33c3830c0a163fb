import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheEntry } from '../../../src/platform/cache/cache-entry.ts';
import { MemoryCache } from '../../../src/platform/cache/memory-cache.ts';
import { ReadThroughCache } from '../../../src/platform/cache/read-through-cache.ts';
import { RecentChanges } from '../../../src/platform/cache/recent-changes.ts';
import type { SharedCache } from '../../../src/platform/cache/shared-cache.ts';
import type { JournalNews } from '../../../src/platform/journal/journal-tail.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

type Entry = CacheEntry<string>;

const entry = (revision: number, value: string | null = `value ${revision}`): Entry => ({ revision, value });

class ScriptedTail {
  isFollowing = true;
  skippedTo = 0;
  tell: (news: JournalNews) => void = () => {};

  subscribe(listener: (news: JournalNews) => void): () => void {
    this.tell = listener;
    return () => {};
  }
}

class ScriptedShared implements SharedCache<string> {
  readonly entries = new Map<string, Entry>();
  readonly puts: (readonly [string, Entry])[] = [];

  async get(key: string): Promise<Entry | null> {
    return this.entries.get(key) ?? null;
  }

  put(key: string, put: Entry): void {
    this.puts.push([key, put]);
  }
}

/** A load that ends when a test says so, and how often it was asked for. */
function scriptedLoad() {
  const loads: PromiseWithResolvers<Entry>[] = [];
  return {
    loads,
    load: async () => {
      const started = Promise.withResolvers<Entry>();
      loads.push(started);
      return { entry: await started.promise, mayBeKept: true };
    },
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

let time: VirtualTime;
let tail: ScriptedTail;
let shared: ScriptedShared;
let cache: ReadThroughCache<string>;
const create = (second: SharedCache<string> | null): ReadThroughCache<string> =>
  new ReadThroughCache<string>({
    memory: new MemoryCache<string>({
      entriesMax: 10,
      bytesMax: 1_000_000,
      ttlMs: 60_000,
      sizeOf: (value) => value.length,
      scheduler: time,
    }),
    recent: new RecentChanges(time),
    tail,
    shared: second,
  });
beforeEach(() => {
  time = new VirtualTime();
  tail = new ScriptedTail();
  shared = new ScriptedShared();
  cache = create(null);
});

const loading = (loaded: Entry) => async () => ({ entry: loaded, mayBeKept: true });
const loaded = async (key: string, value: Entry): Promise<void> => void (await cache.get(key, loading(value)));

describe('A key that is read', () => {
  it('is loaded once and then had from memory, at once', async () => {
    const first = await cache.get('a', loading(entry(1)));
    expect(first).toMatchObject({ entry: entry(1), status: 'miss', loadMs: expect.any(Number) });
    const never = () => Promise.reject(new Error('It is not loaded again.'));
    expect(await cache.get('a', never)).toEqual({ entry: entry(1), status: 'hit' });
    expect(cache.peek('a')).toEqual(entry(1));
    expect(cache.counts).toMatchObject({ memoryHits: 2, memoryMisses: 1, fillsStored: 1, fillsRefused: 0 });
  });

  it('C3: is loaded once for a thousand who ask at the same time', async () => {
    const { load, loads } = scriptedLoad();
    const readers = Array.from({ length: 1_000 }, () => cache.get('a', load));
    await settled();
    expect(loads).toHaveLength(1);
    loads[0]?.resolve(entry(1));
    for (const { entry: found } of await Promise.all(readers)) expect(found).toEqual(entry(1));
  });

  it('is loaded again after a load that failed, which all who waited learn', async () => {
    const { load, loads } = scriptedLoad();
    const readers = [cache.get('a', load), cache.get('a', load)];
    await settled();
    loads[0]?.reject(new Error('away'));
    for (const reader of readers) await expect(reader).rejects.toThrow('away');
    await loaded('a', entry(1));
    expect(cache.peek('a')).toEqual(entry(1));
  });

  it('and has nothing, is not asked for again', async () => {
    await loaded('nobody', entry(0, null));
    expect(cache.peek('nobody')).toEqual(entry(0, null));
  });

  it('is not kept when the source says so', async () => {
    const unkept = await cache.get('a', async () => ({ entry: entry(1), mayBeKept: false }));
    expect(unkept).toMatchObject({ entry: entry(1), status: 'bypass' });
    expect(cache.peek('a')).toBeUndefined();
    expect(cache.counts).toMatchObject({ fillsStored: 0, fillsRefused: 1 });
  });
});

describe('A write of this process', () => {
  it('is seen by whoever reads next', async () => {
    await loaded('a', entry(1));
    cache.put('a', entry(2));
    expect(cache.peek('a')).toEqual(entry(2));
    cache.put('a', entry(3, null));
    expect(cache.peek('a')).toEqual(entry(3, null));
  });

  it('keeps a load that began before it from being stored, and from those who read after it', async () => {
    const { load, loads } = scriptedLoad();
    const before = cache.get('a', load);
    await settled();
    cache.put('a', entry(2));
    cache.doubt('a');
    const after = cache.get('a', load);
    await settled();
    expect(loads).toHaveLength(2);
    loads[0]?.resolve(entry(1));
    loads[1]?.resolve(entry(2));
    expect((await before).entry).toEqual(entry(1));
    expect((await after).entry).toEqual(entry(2));
    expect(cache.peek('a')).toBeUndefined();
  });

  it('is not forgotten for an older load that ends after its own entry is gone', async () => {
    const { load, loads } = scriptedLoad();
    const before = cache.get('a', load);
    await settled();
    cache.put('a', entry(2));
    tail.tell([{ seq: 3, key: 'a' }]);
    loads[0]?.resolve(entry(1));
    await before;
    expect(cache.peek('a')).toBeUndefined();
    expect(cache.counts.fillsRefused).toBe(1);
  });

  it.each([
    ['while the journal is not followed', () => void (tail.isFollowing = false)],
    [
      'when something newer may have been forgotten',
      () => tail.tell(Array.from({ length: 50_001 }, (_, index) => ({ seq: 10 + index, key: `other-${index}` }))),
    ],
  ])('that is not kept itself, drops what is older: %s', async (_, begin) => {
    await loaded('a', entry(1));
    begin();
    cache.put('a', entry(2));
    tail.tell([{ seq: 2, key: 'a' }]);
    tail.isFollowing = true;
    expect(cache.peek('a')).toBeUndefined();
  });

  it('that comes late does not replace what the journal has told of since', async () => {
    tail.tell([{ seq: 3, key: 'a' }]);
    cache.put('a', entry(2));
    expect(cache.peek('a')).toBeUndefined();
  });

  it('that comes so late that the journal may have passed over what replaced it, is not kept', async () => {
    tail.skippedTo = 3;
    cache.put('a', entry(2));
    expect(cache.peek('a')).toBeUndefined();
    cache.put('a', entry(4));
    expect(cache.peek('a')).toEqual(entry(4));
  });

  it('of which nobody knows whether it was committed, makes every read ask the source for ten seconds', async () => {
    await loaded('a', entry(1));
    cache.doubt('a');
    await loaded('a', entry(1));
    expect(cache.peek('a')).toBeUndefined();
    await time.pass(10_000);
    await loaded('a', entry(1));
    expect(cache.peek('a')).toEqual(entry(1));
  });
});

describe('A change that the journal tells of', () => {
  it('drops what is older, and nothing else', async () => {
    await loaded('a', entry(1));
    await loaded('b', entry(5));
    await loaded('nobody', entry(0, null));
    tail.tell([
      { seq: 4, key: 'a' },
      { seq: 5, key: 'b' },
      { seq: 6, key: 'nobody' },
    ]);
    expect([cache.peek('a'), cache.peek('b'), cache.peek('nobody')]).toEqual([undefined, entry(5), undefined]);
  });

  it('detaches the load that is under way', async () => {
    const { load, loads } = scriptedLoad();
    const before = cache.get('a', load);
    await settled();
    tail.tell([{ seq: 4, key: 'a' }]);
    const after = cache.get('a', load);
    await settled();
    expect(loads).toHaveLength(2);
    loads[1]?.resolve(entry(4));
    await after;
    loads[0]?.resolve(entry(1));
    await before;
    expect(cache.peek('a')).toEqual(entry(4));
  });

  it('that is known already, disturbs no load that has begun since', async () => {
    tail.tell([{ seq: 4, key: 'a' }]);
    const { load, loads } = scriptedLoad();
    const reader = cache.get('a', load);
    await settled();
    tail.tell([{ seq: 4, key: 'a' }]);
    loads[0]?.resolve(entry(4));
    await reader;
    expect(cache.peek('a')).toEqual(entry(4));
  });

  it('is what nothing was found for since: that there is nothing is kept as its result', async () => {
    tail.tell([{ seq: 4, key: 'a' }]);
    await loaded('a', entry(0, null));
    expect(cache.peek('a')).toEqual(entry(4, null));
  });

  it('that is not known, drops everything, and detaches every load', async () => {
    await loaded('a', entry(1));
    const { load, loads } = scriptedLoad();
    const before = cache.get('b', load);
    await settled();
    tail.tell('everything');
    loads[0]?.resolve(entry(2));
    await before;
    expect([cache.peek('a'), cache.peek('b')]).toEqual([undefined, undefined]);
  });
});

describe('When the journal is another one, with other numbers', () => {
  it('what is kept and what is being loaded is dropped', async () => {
    await loaded('a', entry(1_000));
    const { load, loads } = scriptedLoad();
    const before = cache.get('b', load);
    await settled();
    tail.tell('another-log');
    loads[0]?.resolve(entry(1_001));
    await before;
    expect([cache.peek('a'), cache.peek('b')]).toEqual([undefined, undefined]);
  });

  it('a change is news, though its number is lower than that of a change that was lost', async () => {
    tail.tell([{ seq: 1_001, key: 'a' }]);
    tail.tell('another-log');
    await loaded('a', entry(0, null));
    tail.tell([{ seq: 991, key: 'a' }]);
    expect(cache.peek('a')).toBeUndefined();
    await loaded('a', entry(991));
    expect(cache.peek('a')).toEqual(entry(991));
  });

  it('a write without an outcome is doubted on', async () => {
    cache.doubt('a');
    tail.tell('another-log');
    await loaded('a', entry(991));
    expect(cache.peek('a')).toBeUndefined();
  });
});

describe('While the journal is not followed', () => {
  beforeEach(async () => {
    await loaded('a', entry(1));
    tail.isFollowing = false;
  });

  it('every read goes to the source, for itself', async () => {
    expect(cache.peek('a')).toBeUndefined();
    const { load, loads } = scriptedLoad();
    const readers = [cache.get('a', load), cache.get('a', load)];
    expect(loads).toHaveLength(2);
    for (const each of loads) each.resolve(entry(2));
    for (const reader of readers) expect(await reader).toMatchObject({ entry: entry(2), status: 'bypass' });
  });

  it('nothing is kept, read or written', async () => {
    await loaded('b', entry(2));
    cache.put('c', entry(3));
    tail.isFollowing = true;
    expect([cache.peek('b'), cache.peek('c')]).toEqual([undefined, undefined]);
  });
});

describe('With a second level', () => {
  beforeEach(() => {
    cache = create(shared);
  });

  it('what others have left there is used, and kept', async () => {
    shared.entries.set('a', entry(1));
    const found = await cache.get('a', () => Promise.reject(new Error('It is not loaded.')));
    expect(found).toMatchObject({ entry: entry(1), status: 'hit', sharedMs: expect.any(Number) });
    expect(cache.peek('a')).toEqual(entry(1));
    expect(cache.counts).toMatchObject({ sharedHits: 1, sharedMisses: 0 });
  });

  it('what is older than a change that is known of is not used', async () => {
    shared.entries.set('a', entry(1));
    tail.tell([{ seq: 2, key: 'a' }]);
    expect(await cache.get('a', loading(entry(2)))).toMatchObject({ entry: entry(2), status: 'miss' });
    expect(cache.counts).toMatchObject({ sharedHits: 0, sharedMisses: 1 });
  });

  it('loads and writes are passed on, deletions included; that there is nothing is not', async () => {
    await loaded('a', entry(1));
    cache.put('b', entry(2));
    cache.put('b', entry(3, null));
    await loaded('nobody', entry(0, null));
    expect(shared.puts).toEqual([
      ['a', entry(1)],
      ['b', entry(2)],
      ['b', entry(3, null)],
    ]);
  });

  it('a load that a change has overtaken is not passed on', async () => {
    const { load, loads } = scriptedLoad();
    const reader = cache.get('a', load);
    await settled();
    tail.tell([{ seq: 2, key: 'a' }]);
    loads[0]?.resolve(entry(1));
    await reader;
    expect(shared.puts).toEqual([]);
  });
});
