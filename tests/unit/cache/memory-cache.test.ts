import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryCache, type MemoryCacheOptions } from '../../../src/platform/cache/memory-cache.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const entry = (revision: number, value: string | null = `value ${revision}`) => ({ revision, value });

let time: VirtualTime;
const create = (options: Partial<MemoryCacheOptions<string>> = {}): MemoryCache<string> =>
  new MemoryCache<string>({
    entriesMax: 3,
    bytesMax: 1_000_000,
    ttlMs: 60_000,
    sizeOf: (value) => value.length,
    scheduler: time,
    ...options,
  });
beforeEach(() => {
  time = new VirtualTime();
});

describe('An entry', () => {
  it('is kept until its time is over', async () => {
    const memory = create();
    memory.put('a', entry(1));
    await time.pass(59_999);
    expect(memory.get('a')).toEqual(entry(1));
    await time.pass(2);
    expect(memory.get('a')).toBeUndefined();
  });

  it('is replaced by a newer one and not by an older one, whether or not they have a value', () => {
    const memory = create();
    memory.put('a', entry(5));
    memory.put('a', entry(4));
    memory.put('a', entry(4, null));
    expect(memory.get('a')).toEqual(entry(5));
    memory.put('a', entry(6, null));
    memory.put('a', entry(5));
    expect(memory.get('a')).toEqual(entry(6, null));
    memory.put('a', entry(7));
    expect(memory.get('a')).toEqual(entry(7));
    expect(memory.size).toBe(1);
  });

  it('is dropped when it is older than a change', () => {
    const memory = create();
    memory.put('a', entry(5));
    memory.put('b', entry(5, null));
    for (const key of ['a', 'b']) memory.drop(key, 5);
    expect(memory.size).toBe(2);
    for (const key of ['a', 'b']) memory.drop(key, 6);
    expect(memory.size).toBe(0);
  });
});

describe('The bounds', () => {
  it('push out what was not used for longest', () => {
    const memory = create({ entriesMax: 2 });
    memory.put('a', entry(1));
    memory.put('b', entry(1));
    memory.get('a');
    memory.put('c', entry(1));
    expect([memory.get('a'), memory.get('b'), memory.get('c')]).toEqual([entry(1), undefined, entry(1)]);
  });

  it('count the bytes of keys and values, and something for each entry', () => {
    const memory = create({ entriesMax: 100, bytesMax: 3_000 });
    for (const key of ['a', 'b', 'c']) memory.put(key, entry(1, 'x'.repeat(1_000)));
    expect(memory.size).toBe(2);
    expect(memory.bytes).toBe(2 * (1_000 + 2 + 256));
  });

  it('leave out what is larger than all of it', () => {
    const memory = create({ bytesMax: 1_000 });
    memory.put('a', entry(1));
    memory.put('a', entry(2, 'x'.repeat(1_000)));
    expect(memory.get('a')).toBeUndefined();
  });

  it('keep nothing at all when no entry is allowed', () => {
    const memory = create({ entriesMax: 0 });
    memory.put('a', entry(1));
    memory.put('b', entry(1, null));
    expect(memory.size).toBe(0);
  });
});

describe('That there is nothing', () => {
  it('is known for ten seconds', async () => {
    const memory = create();
    memory.put('a', entry(0, null));
    await time.pass(9_999);
    expect(memory.get('a')).toEqual(entry(0, null));
    await time.pass(2);
    expect(memory.get('a')).toBeUndefined();
  });

  it('is known of so many keys, which push out no entry with a value', () => {
    const memory = create({ entriesMax: 2 });
    memory.put('a', entry(1));
    for (let number = 0; number < 1_000; number++) memory.put(`nobody-${number}`, entry(0, null));
    expect(memory.get('a')).toEqual(entry(1));
    expect(memory.size).toBe(3);
  });
});

it('What is cleared is gone', () => {
  const memory = create();
  memory.put('a', entry(1));
  memory.put('b', entry(1, null));
  memory.clear();
  expect([memory.size, memory.bytes]).toEqual([0, 0]);
});
