import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from '../../../src/client/retry-after.ts';

const now = new Date('2026-01-05T10:00:00.000Z');

describe('A Retry-After', () => {
  it.each([
    [null, null],
    ['0', 0],
    ['120', 120_000],
    ['Mon, 05 Jan 2026 10:00:30 GMT', 30_000],
    ['Mon, 05 Jan 2026 09:00:00 GMT', 0],
    ['soon', null],
    ['-1', null],
    ['', null],
  ])('%p asks for %p ms', (value, expected) => {
    expect(retryAfterMs(value, now)).toBe(expected);
  });
});
