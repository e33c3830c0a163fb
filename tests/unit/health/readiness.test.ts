import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createReadiness, ScriptedCheck, startedAt } from './readiness-fixture.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'], now: startedAt });
});
afterEach(() => {
  jest.useRealTimers();
});

const after = (ms: number) => new Date(startedAt.getTime() + ms);

describe('Readiness', () => {
  it('is given when every check is up, with what each took', async () => {
    const slow = { name: 'slow', check: () => new Promise<void>((resolve) => setTimeout(resolve, 40)) };
    const { readiness } = createReadiness(new ScriptedCheck('fast'), slow);
    const asking = readiness.report();
    await jest.advanceTimersByTimeAsync(40);

    expect(await asking).toEqual({
      ready: true,
      checks: {
        fast: { status: 'up', latencyMs: 0, since: after(0) },
        slow: { status: 'up', latencyMs: 40, since: after(40) },
        shutdown: { status: 'up', latencyMs: 0, since: startedAt },
      },
    });
  });

  it('is not given while one check is down, which says why, and since when', async () => {
    const check = new ScriptedCheck('database');
    const { readiness } = createReadiness(check, new ScriptedCheck('disk'));
    await readiness.report();

    jest.advanceTimersByTime(5_000);
    check.failure = new Error('It is away.');
    const down = { status: 'down', latencyMs: 0, since: after(5_000), detail: 'It is away.' };
    expect(await readiness.report()).toMatchObject({
      ready: false,
      checks: { database: down, disk: { status: 'up' } },
    });
    jest.advanceTimersByTime(5_000);
    expect((await readiness.report()).checks['database']).toEqual(down);

    check.failure = null;
    jest.advanceTimersByTime(5_000);
    const up = { status: 'up', latencyMs: 0, since: after(15_000) };
    expect(await readiness.report()).toMatchObject({ ready: true, checks: { database: up } });
    expect((await readiness.report()).checks['database']).not.toHaveProperty('detail');
  });

  it('asks once a second, however many want to know', async () => {
    const check = new ScriptedCheck('database');
    const { readiness } = createReadiness(check);
    await Promise.all(Array.from({ length: 1_000 }, () => readiness.report()));
    jest.advanceTimersByTime(999);
    check.failure = new Error('It is away.');
    expect((await readiness.report()).ready).toBe(true);
    expect(check.asked).toBe(1);

    jest.advanceTimersByTime(1);
    expect((await readiness.report()).ready).toBe(false);
    await readiness.report();
    expect(check.asked).toBe(2);
  });

  it('does not wait for a second when something is known to have changed', async () => {
    const check = new ScriptedCheck('database');
    check.failure = new Error('It is away.');
    const { readiness } = createReadiness(check);
    expect((await readiness.report()).ready).toBe(false);
    check.failure = null;
    await readiness.refresh();
    expect(readiness.latest().ready).toBe(true);
  });

  it('takes a check that hangs for one that is down, and does not make it again meanwhile', async () => {
    let asked = 0;
    const hanging = {
      name: 'hanging',
      check: () => {
        asked += 1;
        return new Promise<void>(() => {});
      },
    };
    const { readiness } = createReadiness(hanging);
    for (let round = 0; round < 5; round++) {
      const asking = readiness.report();
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await asking).toMatchObject({ ready: false, checks: { hanging: { status: 'down', latencyMs: 1_000 } } });
      jest.advanceTimersByTime(1_000);
    }
    expect(asked).toBe(1);
  });

  it('is given in spite of a check that takes long when that is known to be well, and waits for no other', async () => {
    let isAnswering = true;
    const { promise, reject } = Promise.withResolvers<void>();
    const busy = { name: 'busy', check: () => promise, isUpNevertheless: () => isAnswering };
    const { readiness } = createReadiness(busy);
    const ask = async () => {
      const asking = readiness.report();
      await jest.advanceTimersByTimeAsync(1_000);
      const answer = await asking;
      jest.advanceTimersByTime(1_000);
      return answer;
    };
    expect(await ask()).toMatchObject({ ready: true, checks: { busy: { status: 'up', latencyMs: 1_000 } } });
    isAnswering = false;
    expect((await ask()).ready).toBe(false);
    isAnswering = true;
    expect((await ask()).ready).toBe(true);
    // What it says itself counts more.
    reject(new Error('It is away.'));
    expect(await ask()).toMatchObject({ ready: false, checks: { busy: { detail: 'It is away.' } } });
  });

  it('is not known before anybody has asked', () => {
    const { readiness } = createReadiness(new ScriptedCheck('database'));
    expect(readiness.latest()).toMatchObject({ ready: false, checks: { database: { status: 'down' } } });
  });

  it('ends at once with the service, whatever was found out a moment ago, and asks nobody any more', async () => {
    const check = new ScriptedCheck('database');
    const { readiness } = createReadiness(check);
    expect((await readiness.report()).ready).toBe(true);
    jest.advanceTimersByTime(10);
    readiness.beginShutdown();
    jest.advanceTimersByTime(10_000);
    expect(await readiness.report()).toMatchObject({
      ready: false,
      checks: { database: { status: 'up' }, shutdown: { status: 'down', since: after(10), detail: expect.anything() } },
    });
    expect(check.asked).toBe(1);
  });
});

describe('The events of readiness', () => {
  it('tell each change once, and not that all is well at first', async () => {
    const check = new ScriptedCheck('database');
    const { readiness, events } = createReadiness(check);
    const ask = async () => {
      jest.advanceTimersByTime(1_000);
      await readiness.report();
    };
    await ask();
    await ask();
    expect(events.splice(0)).toEqual([{ type: 'readiness-changed', ready: true, failing: [] }]);

    const error = new Error('It is away.');
    check.failure = error;
    await ask();
    await ask();
    expect(events.splice(0)).toEqual([
      { type: 'check-changed', check: 'database', status: 'down', wasUp: true, reason: 'It is away.', error },
      { type: 'readiness-changed', ready: false, failing: ['database'] },
    ]);

    check.failure = null;
    await ask();
    expect(events.splice(0)).toEqual([
      { type: 'check-changed', check: 'database', status: 'up' },
      { type: 'readiness-changed', ready: true, failing: [] },
    ]);

    readiness.beginShutdown();
    readiness.beginShutdown();
    expect(events.splice(0)).toEqual([{ type: 'readiness-changed', ready: false, failing: ['shutdown'] }]);
  });

  it('tell of a check that is down from the start', async () => {
    const check = new ScriptedCheck('disk');
    const error = new Error('The disk is full.');
    check.failure = error;
    const { readiness, events } = createReadiness(check);
    await readiness.report();
    const reason = 'The disk is full.';
    expect(events).toEqual([{ type: 'check-changed', check: 'disk', status: 'down', wasUp: false, reason, error }]);
  });

  it('say nothing of a check that met the end of the service', async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const { readiness, events } = createReadiness({ name: 'database', check: () => promise });
    const asking = readiness.report();
    await jest.advanceTimersByTimeAsync(0);
    readiness.beginShutdown();
    reject(new Error('The database was closed.'));
    await asking;
    expect(events).toEqual([]);
  });
});
