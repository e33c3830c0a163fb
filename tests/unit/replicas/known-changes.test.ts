import { beforeEach, describe, expect, it } from '@jest/globals';
import { KnownChanges } from '../../../src/platform/database/known-changes.ts';
import type { Change } from '../../../src/platform/journal/change-feed.ts';
import type { JournalNews } from '../../../src/platform/journal/journal-tail.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

describe('What a process knows to have changed', () => {
  let time: VirtualTime;
  let awaited: (readonly [change: Change | number, isOwn?: boolean])[];
  let tell: (news: JournalNews) => void;
  let knownChanges: KnownChanges;

  beforeEach(() => {
    time = new VirtualTime();
    awaited = [];
    const replica = {
      awaitChange: (change: Change, isOwn: boolean) => void awaited.push([change, isOwn]),
      awaitAllUpTo: (seq: number) => void awaited.push([seq]),
    };
    const tail = {
      position: 70,
      subscribe: (listener: (news: JournalNews) => void) => {
        tell = listener;
        return () => {};
      },
    };
    knownChanges = new KnownChanges({ replicas: [replica], tail, scheduler: time, doubtMs: 1_000 });
  });

  const isInDoubt = (key: string): boolean => knownChanges.isInDoubt({ keys: key === 'any' ? key : [key] });
  const change = (seq: number): Change => ({ seq, key: `key ${seq}` });

  it('is awaited of replicas at once, and not again when the journal tells of it', () => {
    knownChanges.written(change(2));
    tell([change(1), change(2)]);
    tell([change(3)]);
    expect(awaited).toEqual([
      [change(2), true],
      [change(1), false],
      [change(3), false],
    ]);
  });

  it('is everything up to where the journal is when that has not been read change by change', () => {
    tell('everything');
    expect(awaited).toEqual([[70]]);
  });

  it('is awaited when it has the number of an own write that was lost with the log of before', () => {
    knownChanges.written(change(2));
    tell('another-log');
    tell([change(2)]);
    expect(awaited).toEqual([[change(2), true], [70], [change(2), false]]);
  });

  it('has keys in doubt for a while, and then no more', async () => {
    knownChanges.doubt('a');
    await time.pass(600);
    knownChanges.doubt('b');
    expect([
      knownChanges.isInDoubt({ keys: ['b', 'a'] }),
      knownChanges.isInDoubt({ keys: ['c'] }),
      knownChanges.isInDoubt({ keys: 'any' }),
    ]).toEqual([true, false, true]);
    await time.pass(500);
    expect([knownChanges.isInDoubt({ keys: ['a'] }), knownChanges.isInDoubt({ keys: 'any' })]).toEqual([false, true]);
    await time.pass(600);
    expect(knownChanges.isInDoubt({ keys: 'any' })).toBe(false);
  });

  it('has keys that the primary has told of in doubt for a while, and no lists', async () => {
    knownChanges.met('a');
    expect(['a', 'b', 'any'].map(isInDoubt)).toEqual([true, false, false]);
    await time.pass(1_100);
    expect(isInDoubt('a')).toBe(false);
  });

  it('keeps a bounded number of keys in doubt', () => {
    for (let index = 0; index <= 10_000; index++) knownChanges.doubt(`key ${index}`);
    expect([knownChanges.isInDoubt({ keys: ['key 0'] }), knownChanges.isInDoubt({ keys: ['key 1'] })]).toEqual([
      false,
      true,
    ]);
  });
});
