import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { EventLoopLag } from '../../../src/platform/telemetry/event-loop-lag.ts';
import { eventually } from '../../helpers/eventually.ts';

/** Keeps the event loop from everything else. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('The lag of the event loop', () => {
  it('is high once it has lasted, not after a single pause, and falls again', async () => {
    const lag = new EventLoopLag();
    const stop = lag.start();
    try {
      block(600);
      await pause(5);
      expect(lag.isHigh).toBe(false);
      for (let round = 0; round < 5 && !lag.isHigh; round++) {
        block(500);
        await pause(1);
      }
      expect(lag.isHigh).toBe(true);
      await eventually(() => expect(lag.isHigh).toBe(false));
    } finally {
      stop();
    }
  });
});
