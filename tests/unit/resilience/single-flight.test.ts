import { describe, expect, it } from '@jest/globals';
import { SingleFlight } from '../../../src/platform/resilience/single-flight.ts';

/** Work that ends when the test says so, and counts how often it was started. */
function controlledWork() {
  const gates: PromiseWithResolvers<string>[] = [];
  const wanted: (() => boolean)[] = [];
  return {
    work: async (isWanted: () => boolean): Promise<string> => {
      const gate = Promise.withResolvers<string>();
      gates.push(gate);
      wanted.push(isWanted);
      return await gate.promise;
    },
    starts: () => gates.length,
    end: (value: string) => gates.at(-1)?.resolve(value),
    fail: (error: Error) => gates.at(-1)?.reject(error),
    isWanted: () => wanted.at(-1)?.(),
  };
}

const microtasks = () => new Promise((resolve) => setImmediate(resolve));

describe('single flight', () => {
  it('lets all callers of a key share one piece of work', async () => {
    const flights = new SingleFlight<string>();
    const { work, starts, end } = controlledWork();
    const callers = Array.from({ length: 200 }, () => flights.run('ada', work));
    await microtasks();
    end('data');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['data']));
    expect(starts()).toBe(1);
  });

  it('keeps keys apart', async () => {
    const flights = new SingleFlight<string>();
    const echo = (key: string) => flights.run(key, async () => key);
    await expect(Promise.all([echo('ada'), echo('__proto__')])).resolves.toEqual(['ada', '__proto__']);
  });

  it('gives a failure to every caller and remembers neither it nor a result', async () => {
    const flights = new SingleFlight<string>();
    const { work, starts, end, fail } = controlledWork();
    const callers = Promise.allSettled([flights.run('ada', work), flights.run('ada', work)]);
    await microtasks();
    fail(new Error('broken'));
    expect((await callers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);

    for (const value of ['first', 'second']) {
      const next = flights.run('ada', work);
      await microtasks();
      end(value);
      await expect(next).resolves.toBe(value);
    }
    expect(starts()).toBe(3);
  });

  it('turns work that throws before its first await into a rejection', async () => {
    const flights = new SingleFlight<string>();
    const failure = new Error('broken');
    const result = flights.run('ada', () => {
      throw failure;
    });
    await expect(result).rejects.toBe(failure);
  });

  it('lets a caller leave at once with its own reason, without disturbing the others', async () => {
    const flights = new SingleFlight<string>();
    const { work, end, isWanted } = controlledWork();
    const leaver = new AbortController();
    const left = flights.run('ada', work, leaver.signal);
    const stayed = flights.run('ada', work);
    await microtasks();

    leaver.abort(new Error('hung up'));

    await expect(left).rejects.toThrow('hung up');
    expect(isWanted()).toBe(true);
    end('data');
    await expect(stayed).resolves.toBe('data');
  });

  it('tells work that all callers have left, and goes on until it has ended', async () => {
    const flights = new SingleFlight<string>();
    const { work, starts, end, isWanted } = controlledWork();
    const leavers = [new AbortController(), new AbortController()];
    const left = Promise.allSettled(leavers.map(({ signal }) => flights.run('ada', work, signal)));
    await microtasks();
    leavers[0]?.abort();
    await microtasks();
    expect(isWanted()).toBe(true);
    leavers[1]?.abort();
    await left;
    expect(isWanted()).toBe(false);

    let settled = false;
    const allEnded = flights.settled().then(() => {
      settled = true;
    });
    await microtasks();
    expect(settled).toBe(false);
    end('late');
    await allEnded;
    expect(starts()).toBe(1);
  });

  it('hands abandoned work to the next caller, which makes it wanted again', async () => {
    const flights = new SingleFlight<string>();
    const { work, starts, end, isWanted } = controlledWork();
    const leaver = new AbortController();
    const left = flights.run('ada', work, leaver.signal);
    await microtasks();
    leaver.abort();
    await expect(left).rejects.toThrow();
    expect(isWanted()).toBe(false);

    const next = flights.run('ada', work);

    expect(isWanted()).toBe(true);
    end('data');
    await expect(next).resolves.toBe('data');
    expect(starts()).toBe(1);
  });

  it('starts nothing for a caller that has left before it asked', async () => {
    const flights = new SingleFlight<string>();
    const { work, starts } = controlledWork();
    await expect(flights.run('ada', work, AbortSignal.abort(new Error('hung up')))).rejects.toThrow('hung up');
    await microtasks();
    expect(starts()).toBe(0);
  });

  it('has nobody reject unheard when abandoned work fails', async () => {
    const unheard: unknown[] = [];
    const listener = (reason: unknown) => void unheard.push(reason);
    process.on('unhandledRejection', listener);
    const flights = new SingleFlight<string>();
    const { work, fail } = controlledWork();
    const leaver = new AbortController();
    const left = flights.run('ada', work, leaver.signal);
    await microtasks();
    leaver.abort();
    await expect(left).rejects.toThrow();
    fail(new Error('broken'));
    await flights.settled();
    await microtasks();
    process.off('unhandledRejection', listener);
    expect(unheard).toEqual([]);
  });
});
