import { describe, expect, it } from '@jest/globals';
import { createPointReads, type PointReads } from '../../../src/platform/database/point-reads.ts';

/** Reads from a table in memory, which fails as long as it is told to. */
function createScene(batchMax = 64) {
  const rows = new Map(Array.from({ length: 300 }, (_, index) => [`key${index}`, index]));
  const questions: (readonly string[])[] = [];
  const failures = new Map<string, Error>();
  const reads: PointReads<number> = createPointReads({
    batchMax,
    fetch: async (keys) => {
      questions.push(keys);
      for (const key of keys) {
        const failure = failures.get(key);
        if (failure !== undefined) throw failure;
      }
      return new Map([...rows].filter(([key]) => keys.includes(key)));
    },
  });
  const findAll = (keys: readonly string[]) => Promise.all(keys.map((key) => reads.find(key)));
  return { reads, rows, questions, failures, findAll };
}

const keys = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `key${from + index}`);

describe('Point reads', () => {
  it('of one turn of the event loop are one question, and each gets its own row', async () => {
    const { findAll, questions } = createScene();
    expect(await findAll(['key3', 'key1', 'key2', 'key7'])).toEqual([3, 1, 2, 7]);
    expect(questions).toEqual([['key3', 'key1', 'key2', 'key7']]);
  });

  it('of two turns are two questions, so that the later one sees what was committed in between', async () => {
    const { reads, rows, questions } = createScene();
    const first = reads.find('key1');
    await new Promise(setImmediate);
    rows.set('key1', 1000);
    expect([await first, await reads.find('key1')]).toEqual([1, 1000]);
    expect(questions).toHaveLength(2);
  });

  it('of one key are one key of the question', async () => {
    const { findAll, questions } = createScene();
    expect(await findAll(['key1', 'key1', 'key1'])).toEqual([1, 1, 1]);
    expect(questions).toEqual([['key1']]);
  });

  it('of what is not there are null', async () => {
    const { findAll } = createScene();
    expect(await findAll(['key1', 'nobody'])).toEqual([1, null]);
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [5, 8],
    [33, 64],
    [64, 64],
  ])('of %i keys are a question of %i, the last of them repeated', async (count, asked) => {
    const { findAll, questions } = createScene();
    await findAll(keys(count));
    const padding = Array.from({ length: asked - count }, () => `key${count - 1}`);
    expect(questions).toEqual([[...keys(count), ...padding]]);
  });

  it('of more keys than a question may have are several, and none is lost', async () => {
    const { findAll, questions } = createScene(8);
    expect(await findAll(keys(20))).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(questions.map(({ length }) => length)).toEqual([8, 8, 4]);
  });

  it('of a question that fails fail, and no others, and are asked again by the next', async () => {
    const { reads, findAll, failures } = createScene(2);
    const failure = new Error('gone');
    failures.set('key1', failure);
    const outcomes = await Promise.allSettled(['key0', 'key1', 'key2', 'key3'].map((key) => reads.find(key)));
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 2 },
      { status: 'fulfilled', value: 3 },
    ]);
    failures.clear();
    expect(await findAll(['key0', 'key1'])).toEqual([0, 1]);
  });
});
