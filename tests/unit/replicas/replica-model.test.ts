import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keys, ReplicaModel, type Step } from './replica-model.ts';

const key = fc.constantFrom(...keys);
const replica = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), key, by: fc.constantFrom('us', 'others') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('slow-write' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('replicate' as const), replica, changes: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('catch-up' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('go-away' as const),
      server: fc.constantFrom('primary' as const, 0 as const, 1 as const),
      ms: fc.integer({ min: 50, max: 4_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      keys: fc.oneof(
        { weight: 3, arbitrary: fc.array(key, { minLength: 1, maxLength: 2 }) },
        { weight: 1, arbitrary: fc.constant('all' as const) },
      ),
    }),
  },
);

const runs = Number(process.env['MODEL_RUNS'] ?? 500);

it('No read misses what this process has written, was told of, or others have written longer ago than the bound', async () => {
  let reads = 0;
  let fromReplicas = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80 }), async (steps) => {
      const outcome = await new ReplicaModel().run(steps);
      reads += outcome.reads;
      fromReplicas += outcome.fromReplicas;
      expect(outcome.violations).toEqual([]);
    }),
    { numRuns: runs },
  );
  process.stdout.write(`Replicas: ${runs} runs, ${reads} reads, ${fromReplicas} of them answered by replicas\n`);
  // Whoever asks the primary for everything misses nothing.
  expect(fromReplicas).toBeGreaterThan(reads / 5);
}, 120_000);
