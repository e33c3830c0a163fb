import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AdmissionQueue } from '../../../src/platform/resilience/admission-queue.ts';

interface Task {
  readonly started: boolean;
  readonly result: Promise<string>;
  end(): void;
}

function give(queue: AdmissionQueue, name: string, order: string[] = []): Task {
  const gate = Promise.withResolvers<void>();
  const state = { started: false };
  const result = queue.run(async () => {
    state.started = true;
    order.push(name);
    await gate.promise;
    return name;
  });
  result.catch(() => {});
  return {
    get started() {
      return state.started;
    },
    result,
    end: () => gate.resolve(),
  };
}

describe('An admission queue', () => {
  const limits = { concurrency: 2, queueMax: 3, queueTimeoutMs: 1_000 };
  let queue: AdmissionQueue;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    queue = new AdmissionQueue(limits);
  });
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('lets so many run at once, and the next in the order in which they came', async () => {
    const order: string[] = [];
    const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => give(queue, name, order));
    expect({ inUse: queue.inUse, queued: queue.queued }).toEqual({ inUse: 2, queued: 3 });
    expect(order).toEqual(['a', 'b']);
    for (const task of tasks) {
      task.end();
      await task.result;
    }
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect({ inUse: queue.inUse, queued: queue.queued }).toEqual({ inUse: 0, queued: 0 });
  });

  it('refuses at once what finds the queue full, without starting it', async () => {
    const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => give(queue, name));
    expect(queue.isFull).toBe(true);
    const refused = give(queue, 'f');
    await expect(refused.result).rejects.toMatchObject({ name: 'AdmissionRefusedError', reason: 'queue-full' });
    for (const task of tasks) task.end();
    await Promise.all(tasks.map(({ result }) => result));
    expect(refused.started).toBe(false);
  });

  it('refuses what has waited too long, and those behind it move up', async () => {
    const [first, second, third] = [give(queue, 'a'), give(queue, 'b'), give(queue, 'c')];
    await jest.advanceTimersByTimeAsync(500);
    const fourth = give(queue, 'd');
    await jest.advanceTimersByTimeAsync(500);
    await expect(third.result).rejects.toMatchObject({ reason: 'queue-timeout' });
    expect(queue.queued).toBe(1);
    first.end();
    await first.result;
    await jest.advanceTimersByTimeAsync(0);
    expect([third.started, fourth.started]).toEqual([false, true]);
    second.end();
    fourth.end();
    await expect(fourth.result).resolves.toBe('d');
  });

  it('does not let those overtake who come while a turn is handed on', async () => {
    const order: string[] = [];
    const [first, second, third] = ['a', 'b', 'c'].map((name) => give(queue, name, order));
    first?.end();
    const taken: number[] = [];
    // Whoever comes in between, in whatever microtask, finds no turn that is free.
    for (let microtask = 0; microtask < 20; microtask++) {
      await Promise.resolve();
      taken.push(queue.inUse);
    }
    expect(new Set(taken)).toEqual(new Set([2]));
    expect(order).toEqual(['a', 'b', 'c']);
    for (const task of [second, third]) task?.end();
  });

  it.each([
    ['failed', () => Promise.reject(new Error('broken'))],
    [
      'thrown before its first await',
      (): Promise<never> => {
        throw new Error('broken');
      },
    ],
  ])('gives the turn of work that has %s to the next', async (_how, work: () => Promise<never>) => {
    const single = new AdmissionQueue({ ...limits, concurrency: 1 });
    const failing = expect(single.run(work)).rejects.toThrow('broken');
    await expect(single.run(() => Promise.resolve('next'))).resolves.toBe('next');
    await failing;
    expect(single.inUse).toBe(0);
  });
});
