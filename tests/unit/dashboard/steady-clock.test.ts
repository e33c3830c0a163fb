import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { steadyClock } from '../../../src/profiles/dashboard/steady-clock.ts';

const hourMs = 3_600_000;

describe('The clock of the monitor', () => {
  let elapsedMs: number;
  let timeOfDay: number;
  beforeEach(() => {
    elapsedMs = 5_000;
    timeOfDay = performance.timeOrigin + elapsedMs;
    jest.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
    jest.spyOn(Date, 'now').mockImplementation(() => timeOfDay);
  });
  afterEach(() => void jest.restoreAllMocks());

  const pass = (ms: number): void => {
    elapsedMs += ms;
    timeOfDay += ms;
  };

  it('shows the time of day', () => {
    const now = steadyClock();
    expect(now()).toBeCloseTo(timeOfDay, 1);
    pass(1_000);
    expect(now()).toBeCloseTo(timeOfDay, 1);
  });

  it('shows it after the computer has slept, too', () => {
    const now = steadyClock();
    now();
    timeOfDay += hourMs;
    expect(now()).toBeCloseTo(timeOfDay, 1);
  });

  it('goes on when the time of day is put back', () => {
    const now = steadyClock();
    const before = now();
    timeOfDay -= hourMs;
    pass(1_000);
    expect(now() - before).toBeCloseTo(1_000, 1);
  });
});
