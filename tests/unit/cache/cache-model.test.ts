import { randomInt } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { runCacheModel } from './cache-model.ts';

const runs = Number(process.env['MODEL_RUNS'] ?? 500);
const seed = Number(process.env['MODEL_SEED'] ?? randomInt(2 ** 30));

it('C1: Nobody reads what is older than a write answered by the same process, or a second ago by another', async () => {
  process.stdout.write(`C1: ${runs} interleavings, MODEL_SEED=${seed}\n`);
  const { reads, hits, stale } = await runCacheModel(runs, seed);
  process.stdout.write(`C1: ${reads} reads, ${hits} of them hits, ${stale.length} stale\n`);
  expect(stale.slice(0, 5)).toEqual([]);
  // A cache that has nothing is never out of date.
  expect(hits).toBeGreaterThan(reads / 5);
}, 120_000);
