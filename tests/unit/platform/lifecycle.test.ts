import { describe, expect, it } from '@jest/globals';
import { createLifecycle } from '../../../src/platform/lifecycle.ts';

describe('A lifecycle', () => {
  it('closes last in, first out, one after the other', async () => {
    const lifecycle = createLifecycle();
    const closed: string[] = [];
    lifecycle.onStop('a', () => void closed.push('a'));
    lifecycle.onStop('b', async () => {
      await Promise.resolve();
      closed.push('b');
    });
    await lifecycle.stop();
    expect(closed).toEqual(['b', 'a']);
  });

  it('closes once, however often it is stopped', async () => {
    const lifecycle = createLifecycle();
    let times = 0;
    lifecycle.onStop('a', () => void times++);
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(times).toBe(1);
  });

  it('closes what is opened while it stops, and after', async () => {
    const lifecycle = createLifecycle();
    const closed: string[] = [];
    lifecycle.onStop('a', () => {
      lifecycle.onStop('b', () => void closed.push('b'));
      closed.push('a');
    });
    await lifecycle.stop();
    expect(lifecycle.stopping).toBe(true);
    lifecycle.onStop('c', () => void closed.push('c'));
    await lifecycle.stop();
    expect(closed).toEqual(['a', 'b', 'c']);
  });

  it('closes the rest when a part fails, and says which', async () => {
    const lifecycle = createLifecycle();
    const closed: string[] = [];
    lifecycle.onStop('a', () => void closed.push('a'));
    lifecycle.onStop('b', () => Promise.reject(new Error('stuck')));
    await expect(lifecycle.stop()).rejects.toMatchObject({ errors: [{ message: 'Closing b failed.' }] });
    expect(closed).toEqual(['a']);
  });
});
