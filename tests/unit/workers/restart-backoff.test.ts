import { describe, expect, it } from '@jest/globals';
import { RestartBackoff } from '../../../src/platform/workers/restart-backoff.ts';

describe('The place of a worker', () => {
  it('is filled at once at first, then ever later, up to five seconds', () => {
    const backoff = new RestartBackoff();
    const delays = Array.from({ length: 9 }, () => backoff.nextDelayMs(200));
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('is filled at once again when its worker has lived for half a minute', () => {
    const backoff = new RestartBackoff();
    for (let each = 0; each < 5; each++) backoff.nextDelayMs(29_999);
    expect([backoff.nextDelayMs(30_000), backoff.nextDelayMs(0)]).toEqual([0, 100]);
  });
});
