import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, it, jest } from '@jest/globals';
import { expectBreakerToBeItsModel } from './circuit-breaker-model.ts';

const runs = Number(process.env['MODEL_RUNS'] ?? 2_000);
const seed = Number(process.env['MODEL_SEED'] ?? randomInt(2 ** 31));

describe('E3: the circuit breaker', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] }));
  afterEach(() => void jest.useRealTimers());

  it('is its model', async () => {
    process.stdout.write(`E3: ${runs} sequences, MODEL_SEED=${seed}\n`);
    await expectBreakerToBeItsModel(runs, seed);
  }, 600_000);
});
