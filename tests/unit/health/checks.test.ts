import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createDiskCheck } from '../../../src/platform/health/disk-check.ts';
import { createEventLoopCheck } from '../../../src/platform/health/event-loop-check.ts';
import { createMemoryCheck, type MemoryUse } from '../../../src/platform/health/memory-check.ts';
import { EventLoopLag } from '../../../src/platform/telemetry/event-loop-lag.ts';
import { runWithFewFiles } from '../../helpers/few-files.ts';

describe('The memory check', () => {
  const use: MemoryUse = { heapUsed: 100, heapLimit: 1_000, resident: 200, residentLimit: 1_000 };
  const check = (change: Partial<MemoryUse>) => createMemoryCheck(() => ({ ...use, ...change })).check();

  it.each([{ heapUsed: 950 }, { resident: 950 }, {}])('is up with %j of 1000', (change) => {
    expect(check(change)).toBeUndefined();
  });

  it.each([
    [{ heapUsed: 951 }, '95 % of the heap are in use.'],
    [{ resident: 990 }, '99 % of the memory are in use.'],
  ])('is down with %j of 1000', (change, reason) => {
    expect(() => check(change)).toThrow(reason);
  });

  it('is up in this process, whose limits are those of a real one', () => {
    expect(createMemoryCheck().check()).toBeUndefined();
  });

  it('is down in a process that can open no file, which takes no connections either, in words of its own', async () => {
    const program = `
      import { openSync } from 'node:fs';
      import { createMemoryCheck } from './src/platform/health/memory-check.ts';
      try {
        for (let opened = 0; opened < 1_000; opened++) openSync('/dev/null');
      } catch {}
      try {
        createMemoryCheck().check();
      } catch ({ message }) {
        console.log(message);
      }`;
    expect(await runWithFewFiles(program)).toBe('The memory cannot be asked.\n');
  });
});

describe('The disk check', () => {
  const check = (blocks: number, bfree: number, bavail: number) =>
    createDiskCheck('/somewhere', async () => ({ blocks, bfree, bavail })).check();

  it('counts as df does: what is kept for root is neither used nor to be had', async () => {
    await expect(check(1_000, 100, 50)).resolves.toBeUndefined();
    await expect(check(1_000, 100, 40)).rejects.toThrow('95 % of the disk are in use.');
    await expect(check(1_000, 0, 0)).rejects.toThrow('100 % of the disk are in use.');
  });

  it('is up on a file system without blocks', async () => {
    await expect(check(0, 0, 0)).resolves.toBeUndefined();
  });

  it('asks the file system of the folder, and is down without it, naming no path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'profiles-disk-'));
    const disk = createDiskCheck(folder);
    await disk.check();
    await rm(folder, { recursive: true });
    await expect(disk.check()).rejects.toMatchObject({ message: 'The disk cannot be asked.' });
  });
});

describe('The event-loop check', () => {
  let now: number;
  let lag: EventLoopLag;
  let stop: () => void;
  beforeEach(() => {
    now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick', 'performance'] });
    lag = new EventLoopLag();
    stop = lag.start();
  });
  afterEach(() => {
    stop();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  /** The next timer is served, late by `lagMs`. */
  const serve = (lagMs: number) => {
    now += 100 + lagMs;
    jest.advanceTimersByTime(100);
  };
  const check = () => createEventLoopCheck(lag).check();

  it('is up while timers are served', () => {
    for (let served = 0; served < 100; served++) serve(1);
    expect(lag.longestMs()).toBe(1);
    expect(check()).toBeUndefined();
    serve(1_000);
    expect(check()).toBeUndefined();
  });

  it('is down for five seconds after the loop has stood still for more than one', () => {
    serve(0);
    serve(1_001);
    for (let served = 0; served < 50; served++) {
      expect(check).toThrow('The event loop lagged by 1001 ms.');
      serve(0);
    }
    expect(check()).toBeUndefined();
  });

  it('is down before the timer that is late has been served', () => {
    serve(0);
    now += 100 + 1_500;
    expect(check).toThrow('The event loop lagged by 1500 ms.');
  });

  it('feels nothing any more when it has been stopped', () => {
    stop();
    now += 60_000;
    expect(jest.getTimerCount()).toBe(0);
    expect(check()).toBeUndefined();
  });
});
