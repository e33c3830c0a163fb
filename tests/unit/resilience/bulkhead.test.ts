import { describe, expect, it } from '@jest/globals';
import { Bulkhead, BulkheadFullError } from '../../../src/platform/resilience/bulkhead.ts';

describe('a bulkhead', () => {
  it('refuses work beyond its limit without starting it', async () => {
    const bulkhead = new Bulkhead(2);
    const gate = Promise.withResolvers<string>();
    const running = [bulkhead.run(() => gate.promise), bulkhead.run(() => gate.promise)];
    let started = false;

    const refused = bulkhead.run(async () => {
      started = true;
    });

    await expect(refused).rejects.toThrow(BulkheadFullError);
    expect(started).toBe(false);
    gate.resolve('done');
    await expect(Promise.all(running)).resolves.toEqual(['done', 'done']);
  });

  it.each([
    ['succeeded', async () => 'done'],
    ['failed', () => Promise.reject(new Error('broken'))],
    [
      'thrown before its first await',
      (): Promise<never> => {
        throw new Error('broken');
      },
    ],
  ])('has the permit back when the work has %s', async (_how, work: () => Promise<string>) => {
    const bulkhead = new Bulkhead(1);
    await bulkhead.run(work).catch(() => {});
    await expect(bulkhead.run(async () => 'next')).resolves.toBe('next');
  });
});
