import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import type { WorkerEvent } from '../../../src/platform/workers/worker-events.ts';
import { WorkerPool } from '../../../src/platform/workers/worker-pool.ts';
import { ScriptedWorker } from './scripted-worker.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A pool, and all workers that it has started, in order. */
function createScene(count = 2) {
  const workers: ScriptedWorker[] = [];
  const told: string[] = [];
  const events = new EventStream<WorkerEvent>((error) => {
    throw error;
  });
  events.subscribe((event) => {
    if (event.type === 'started') return;
    const { type, ...fields } = event;
    const { error = null, ...others } = { error: null, ...fields };
    told.push([type, ...Object.values(others).map((value) => value ?? '-'), ...toldOf(error)].join(' '));
  });
  const pool = new WorkerPool({
    count,
    fork: (start) => {
      const worker = new ScriptedWorker(workers.length + 1, start);
      workers.push(worker);
      return worker;
    },
    events,
    readyMsMax: 30_000,
    stopMsMax: 16_000,
  });
  const worker = (id: number): ScriptedWorker => {
    const found = workers[id - 1];
    if (found === undefined) throw new Error(`There is no worker ${id}.`);
    return found;
  };
  const running = (): number[] => [...pool.states.keys()].map(({ id }) => id);
  return { pool, workers, worker, told, running };
}

function toldOf(error: unknown): readonly string[] {
  return error instanceof Error ? [error.message] : [];
}

/** Lets what has been settled take its effect. */
const settle = async (): Promise<void> => await jest.advanceTimersByTimeAsync(0);

async function createRunning(count = 2) {
  const scene = createScene(count);
  const started = scene.pool.start();
  for (let id = 1; id <= count; id++) {
    scene.worker(id).becomeReady();
    await settle();
  }
  expect(await started).toBe(8080);
  return scene;
}

describe('The start of workers', () => {
  it('waits with the others until the first one listens', async () => {
    const { pool, workers, worker } = createScene(3);
    void pool.start();
    await settle();
    expect(workers).toHaveLength(1);
    worker(1).listen();
    await settle();
    expect(workers).toHaveLength(3);
  });

  it('fails with the first one, and tries no other', async () => {
    const { pool, workers, worker } = createScene();
    const failure = pool.start().catch((error: Error) => error.message);
    worker(1).exit({ code: 78 });
    expect(await failure).toBe('The first worker ended before it listened (exit code 78).');
    expect(workers).toHaveLength(1);
  });

  it('fails with a first one that cannot be started, and says why', async () => {
    const { pool, worker } = createScene();
    const failure = pool.start().catch((error: Error) => error.message);
    worker(1).exit({ error: Object.assign(new Error('spawn node ENOENT'), { code: 'ENOENT' }) });
    expect(await failure).toBe('The first worker could not be started (ENOENT).');
  });

  it('knows that a worker is ready also when it hears only then that it listens', async () => {
    const { pool } = await createRunning();
    expect([...pool.states.values()]).toEqual(['ready', 'ready']);
  });

  it('is one of workers that listen at once, as those do that follow one that is lost', async () => {
    const { worker, workers } = await createRunning();
    worker(2).exit({ signal: 'SIGKILL' });
    await settle();
    expect(workers.map(({ start }) => start.isSuccessor)).toEqual([false, false, false]);
  });
});

describe('A worker that is lost', () => {
  it('is replaced at once, and later ones ever more slowly', async () => {
    const { worker, told, workers } = await createRunning();
    worker(2).exit({ signal: 'SIGKILL' });
    await settle();
    expect(workers).toHaveLength(3);
    worker(3).exit({ code: 1 });
    await jest.advanceTimersByTimeAsync(99);
    expect(workers).toHaveLength(3);
    await jest.advanceTimersByTimeAsync(1);
    expect(workers).toHaveLength(4);
    expect(told).toEqual(['lost 2 - SIGKILL 0', 'lost 3 1 - 100']);
  });

  it('is tried again in the same way when it cannot even be started, and why is told', async () => {
    const { worker, told, workers } = await createRunning();
    worker(2).exit({ signal: 'SIGKILL' });
    await settle();
    worker(3).exit({ error: new Error('spawn EAGAIN') });
    await jest.advanceTimersByTimeAsync(100);
    worker(4).exit({ error: new Error('spawn EAGAIN') });
    await jest.advanceTimersByTimeAsync(200);
    expect(workers).toHaveLength(5);
    expect(told).toEqual(['lost 2 - SIGKILL 0', 'lost 3 - - 100 spawn EAGAIN', 'lost 4 - - 200 spawn EAGAIN']);
  });

  it('does not slow down the place of another one', async () => {
    const { worker, told } = await createRunning();
    worker(2).exit({ code: 1 });
    await settle();
    worker(3).exit({ code: 1 });
    worker(1).exit({ code: 1 });
    await settle();
    expect(told).toEqual(['lost 2 1 - 0', 'lost 3 1 - 100', 'lost 1 1 - 0']);
  });

  it('is not replaced when all are to stop', async () => {
    const { pool, worker, workers } = await createRunning();
    worker(1).exit({ code: 1 });
    worker(2).exit({ code: 1 });
    await pool.stop('SIGTERM').catch(() => {});
    await jest.advanceTimersByTimeAsync(60_000);
    expect(workers).toHaveLength(2);
  });
});

describe('A restart of all', () => {
  it('ends one only when its successor is ready, and begins with the next only when it has ended', async () => {
    const { pool, worker, told, running } = await createRunning();
    worker(1).isStuck = true;
    pool.restart();
    await settle();
    worker(3).listen();
    await settle();
    expect(worker(1).orders).toEqual([]);
    worker(3).becomeReady();
    await settle();
    expect(worker(1).orders).toEqual([{ type: 'stop', reason: 'restart', isReplaced: true }]);
    expect(running()).toEqual([1, 2, 3]);
    worker(1).exit({ code: 0 });
    await settle();
    worker(4).becomeReady();
    await settle();
    expect(told).toEqual(['restart-begun', 'replaced 1 3', 'replaced 2 4', 'restart-ended 2']);
    expect(running()).toEqual([3, 4]);
  });

  it('is given up when a successor cannot be started, and why is told', async () => {
    const { pool, worker, told, running } = await createRunning();
    pool.restart();
    await settle();
    worker(3).exit({ error: new Error('spawn ENOENT') });
    await settle();
    expect(told).toEqual(['restart-begun', 'restart-failed 3 not-started spawn ENOENT']);
    expect(running()).toEqual([1, 2]);
  });

  it('starts workers that listen only when they are ready', async () => {
    const { pool, worker } = await createRunning();
    pool.restart();
    await settle();
    expect(worker(3).start.isSuccessor).toBe(true);
  });

  it.each([
    ['ends', 'exited'],
    ['is not ready within half a minute', 'not-ready-in-time'],
  ])('is given up when a successor %s, and the others stay', async (_what, failure) => {
    const { pool, worker, told, running } = await createRunning();
    pool.restart();
    await settle();
    if (failure === 'exited') worker(3).exit({ code: 78 });
    else worker(3).listen();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(told).toEqual(['restart-begun', `restart-failed 3 ${failure}`]);
    expect(running()).toEqual([1, 2]);
    expect(worker(1).orders).toEqual([]);
  });

  it('is followed by one more, however often it was asked for meanwhile', async () => {
    const { pool, worker, told, workers } = await createRunning(1);
    for (let times = 0; times < 4; times++) pool.restart();
    await settle();
    worker(2).becomeReady();
    await settle();
    worker(3).becomeReady();
    await settle();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(told.filter((line) => line.startsWith('restart-ended'))).toHaveLength(2);
    expect(workers).toHaveLength(3);
  });

  it('waits for the start', async () => {
    const { pool, worker, workers } = createScene(1);
    const started = pool.start();
    pool.restart();
    await settle();
    expect(workers).toHaveLength(1);
    worker(1).becomeReady();
    await started;
    await settle();
    expect(workers).toHaveLength(2);
  });

  it('fills the place of a worker that was lost meanwhile', async () => {
    const { pool, worker, running } = await createRunning(1);
    worker(1).exit({ code: 1 });
    await settle();
    worker(2).exit({ code: 1 });
    await settle();
    pool.restart();
    await settle();
    worker(3).becomeReady();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(running()).toEqual([3]);
  });
});

describe('The stop of all', () => {
  it('is the end of a restart that waits for one to leave', async () => {
    const { pool, worker, workers, running } = await createRunning();
    worker(1).isStuck = true;
    pool.restart();
    await settle();
    worker(3).becomeReady();
    await settle();
    const stopped = pool.stop('SIGTERM');
    worker(1).exit({ code: 0 });
    await stopped;
    expect(workers).toHaveLength(3);
    expect(running()).toEqual([]);
  });

  it('is the end of a start, even when the first one listens then', async () => {
    const { pool, worker, workers } = createScene(3);
    const started = pool.start();
    worker(1).isStuck = true;
    const stopped = pool.stop('SIGTERM');
    worker(1).listen();
    await started;
    worker(1).exit({ code: 0 });
    await stopped;
    expect(workers).toHaveLength(1);
  });

  it('ends also those that leave and those that come', async () => {
    const { pool, worker, running } = await createRunning();
    pool.restart();
    await settle();
    await pool.stop('SIGTERM');
    expect(running()).toEqual([]);
    expect(worker(3).orders).toEqual([{ type: 'stop', reason: 'SIGTERM', isReplaced: false }]);
  });

  it('kills one that does not end in time, and says that it was not in good order', async () => {
    const { pool, worker, told } = await createRunning();
    worker(2).isStuck = true;
    const failure = pool.stop('SIGTERM').catch((error: Error) => error.message);
    await jest.advanceTimersByTimeAsync(15_999);
    expect(worker(2).isKilled).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(worker(2).isKilled).toBe(true);
    expect(await failure).toBe('1 of 2 workers did not end in good order.');
    expect(told).toEqual(['killed 2']);
  });
});
