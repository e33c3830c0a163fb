import { beforeEach, expect, it } from '@jest/globals';
import { EffectsOfAttempts, observedByAll, type WriteObserver } from '../../../src/platform/http/write-effects.ts';
import type { Answer } from '../../../src/platform/idempotency/answer.ts';
import type { IdempotentAnswer } from '../../../src/platform/idempotency/idempotent-writes.ts';

const answer: Answer = { status: 200, headers: {}, body: '' };

let told: string[];
let effects: EffectsOfAttempts<string>;
beforeEach(() => {
  told = [];
  effects = effectsOf('ada');
});

const effectsOf = (key: string | null) =>
  new EffectsOfAttempts<string>(
    {
      committed: (effect) => void told.push(`committed ${effect}`),
      undecided: (effect) => void told.push(`undecided ${effect}`),
      met: (met) => void told.push(`met ${met}`),
    },
    key,
  );
const writes = async (effect: string | null): Promise<Answer> =>
  await effects.attempt(async () => ({ answer, effect }));
const fails = async (): Promise<Answer> => await effects.attempt(() => Promise.reject(new Error('refused')));
const observe = (run: () => Promise<IdempotentAnswer>) =>
  effects.observe(run, (error) => error instanceof Error && error.message === 'refused');
const ends = (replayed = false, given = answer) => ({ answer: given, replayed });

it('What the attempt that was committed has written is told before the answer is given', async () => {
  await observe(async () => {
    await writes('first');
    await writes('second');
    return ends();
  });
  expect(told).toEqual(['committed second']);
});

it('An attempt that has written nothing tells what it has met, and nothing of those before it, which were rolled back', async () => {
  await observe(async () => {
    await writes('first');
    await writes(null);
    return ends();
  });
  expect(told).toEqual(['met ada']);
});

it('A refusal tells what it has met, kept under a key or not', async () => {
  await observe(async () => {
    await fails().catch(() => {});
    return ends();
  });
  await expect(observe(async () => ends(false, await fails()))).rejects.toThrow('refused');
  expect(told).toEqual(['met ada', 'met ada']);
});

it('A write that fails after it has written something is undecided, whatever the error says', async () => {
  const failure = observe(async () => {
    await writes('first');
    throw new Error('No answer to COMMIT.');
  });
  await expect(failure).rejects.toThrow('No answer to COMMIT.');
  expect(told).toEqual(['undecided first']);
});

it('An attempt that finds its own key taken leaves the one before it undecided', async () => {
  await observe(async () => {
    await writes('first');
    return ends(true);
  });
  expect(told).toEqual(['undecided first', 'met ada']);
});

it('A repetition tells what was met, which the write that it repeats has made', async () => {
  await observe(() => Promise.resolve(ends(true)));
  expect(told).toEqual(['met ada']);
});

it('A write that has not got to anything tells nothing, nor does one of what does not exist yet', async () => {
  const failure = observe(() => Promise.reject(new Error('The database is away.')));
  await expect(failure).rejects.toThrow('away');
  effects = effectsOf(null);
  await expect(observe(async () => ends(false, await fails()))).rejects.toThrow('refused');
  expect(told).toEqual([]);
});

it('Several observers are told one after the other', () => {
  const observer = (name: string): WriteObserver<string> => ({
    committed: (effect) => void told.push(`${name}: committed ${effect}`),
    undecided: (effect) => void told.push(`${name}: undecided ${effect}`),
    met: (key) => void told.push(`${name}: met ${key}`),
  });
  const both = observedByAll([observer('one'), observer('other')]);
  both.committed('a');
  both.undecided('b');
  both.met('c');
  expect(told).toEqual([
    'one: committed a',
    'other: committed a',
    'one: undecided b',
    'other: undecided b',
    'one: met c',
    'other: met c',
  ]);
});
