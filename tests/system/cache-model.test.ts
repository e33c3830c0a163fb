import { randomInt } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { runCacheModel } from '../unit/cache/cache-model.ts';

const runs = Number(process.env['MODEL_RUNS'] ?? 10_000);
const seed = Number(process.env['MODEL_SEED'] ?? randomInt(2 ** 30));

it('C1: Over ten thousand random interleavings, a stale fill never wins', async () => {
  process.stdout.write(`C1: ${runs} interleavings, MODEL_SEED=${seed}\n`);
  const { reads, hits, stale } = await runCacheModel(runs, seed);
  process.stdout.write(`C1: ${reads} reads, ${hits} of them hits, ${stale.length} stale\n`);
  expect(stale.slice(0, 5)).toEqual([]);
  expect(hits).toBeGreaterThan(reads / 5);
}, 600_000);
