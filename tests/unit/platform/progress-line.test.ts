import { beforeEach, describe, expect, it } from '@jest/globals';
import { createProgressLine } from '../../../src/platform/progress-line.ts';

let nowMs: number;
let written: string[];
beforeEach(() => {
  nowMs = 0;
  written = [];
});

function lineOn({ isTTY }: { isTTY: boolean }) {
  return createProgressLine('users', { isTTY, write: (text) => written.push(text) }, () => nowMs);
}

describe('A progress line', () => {
  it('on a terminal rewrites itself ten times a second, with share, speed and the time that is left', () => {
    const line = lineOn({ isTTY: true });
    line.update(0, 1_000);
    for (const [atMs, done] of [
      [50, 10],
      [100, 20],
      [10_000, 500],
    ] as const) {
      nowMs = atMs;
      line.update(done, 1_000);
    }
    line.end();
    expect(written).toEqual([
      '\r\u001b[K[........................] 0 of 1000 users (0 %), 0/s',
      '\r\u001b[K[........................] 20 of 1000 users (2 %), 200/s, 5 s left',
      '\r\u001b[K[############............] 500 of 1000 users (50 %), 50/s, 10 s left',
      '\n',
    ]);
  });

  it('elsewhere is a plain line every five seconds, and what was told last', () => {
    const line = lineOn({ isTTY: false });
    for (const [atMs, done] of [
      [0, 0],
      [4_900, 490],
      [5_000, 500],
      [6_000, 600],
    ] as const) {
      nowMs = atMs;
      line.update(done, 100_000);
    }
    line.end();
    expect(written).toEqual([
      '0 of 100000 users (0 %), 0/s\n',
      '500 of 100000 users (0 %), 100/s, 16 min 35 s left\n',
      '600 of 100000 users (0 %), 100/s, 16 min 34 s left\n',
    ]);
  });

  it('that goes on where others began counts the speed from there', () => {
    const line = lineOn({ isTTY: false });
    line.update(9_000, 10_000);
    nowMs = 5_000;
    line.update(9_500, 10_000);
    expect(written.at(-1)).toBe('9500 of 10000 users (95 %), 100/s, 5 s left\n');
  });

  it('of nothing is complete', () => {
    const line = lineOn({ isTTY: false });
    line.update(0, 0);
    line.end();
    expect(written).toEqual(['0 of 0 users (100 %), 0/s\n']);
  });
});
