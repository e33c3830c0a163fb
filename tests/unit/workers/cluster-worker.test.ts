import cluster, { type Worker } from 'node:cluster';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterFork } from '../../../src/platform/workers/cluster-worker.ts';
import type { WorkerProcess } from '../../../src/platform/workers/worker-process.ts';

/** A program that has one thing to do, as the code of a worker. */
const program = (code: string) => {
  return { exec: '-e', args: [code], execArgv: [] };
};
const waits = program('setInterval(() => {}, 1_000)');

let forks: WorkerProcess[];
let fork: (isSuccessor?: boolean) => WorkerProcess;
const workerOf = ({ id }: WorkerProcess): Worker => {
  const worker = cluster.workers?.[id];
  if (worker === undefined) throw new Error(`There is no worker ${id}.`);
  return worker;
};

// Of a rejection that nobody handles, which ends a supervisor, Jest makes the failure of the test.
describe('A worker of node:cluster', () => {
  beforeEach(() => {
    forks = [];
    const forkWorker = clusterFork();
    fork = (isSuccessor = false) => {
      const worker = forkWorker({ isSuccessor });
      forks.push(worker);
      return worker;
    };
  });
  afterEach(async () => {
    for (const each of forks) each.kill();
    await Promise.all(forks.map(({ exited }) => exited));
    cluster.setupPrimary({ cwd: undefined });
  });

  it('has ended, and says why, when the system finds no program to start', async () => {
    cluster.setupPrimary({ ...waits, cwd: '/nowhere' });
    const worker = fork();
    expect(await worker.exited).toMatchObject({ code: null, signal: null, error: { code: 'ENOENT' } });
  });

  it('has ended, and says why, when the system refuses at once', async () => {
    cluster.setupPrimary(program('x'.repeat(4_000_000)));
    const worker = fork();
    expect(await worker.exited).toMatchObject({ code: null, signal: null, error: { code: 'E2BIG' } });
  });

  it('has a number of its own, whether it could be started or not', async () => {
    cluster.setupPrimary(program('x'.repeat(4_000_000)));
    fork();
    cluster.setupPrimary({ ...waits, cwd: '/nowhere' });
    fork();
    cluster.setupPrimary({ ...waits, cwd: undefined });
    fork();
    const ids = forks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('ends as it was killed also when it could not be sent an answer any more', async () => {
    cluster.setupPrimary(waits);
    const worker = fork();
    const inner = workerOf(worker);
    const failed = new Promise((resolve) => inner.once('error', resolve));
    worker.kill();
    // Until the system has taken it away, while nothing of that is heard here.
    const endAt = performance.now() + 300;
    while (performance.now() < endAt);
    // As `node:cluster` itself answers: without a callback that would be told.
    inner.send('x'.repeat(1_000_000));
    expect(await failed).toMatchObject({ code: 'EPIPE' });
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL', error: null });
  });

  it.each([
    ['takes over', true, 0],
    ['does not', false, 1],
  ])('knows by its environment when it %s', async (_what, isSuccessor, code) => {
    cluster.setupPrimary(program('process.exit(process.env.WORKER_IS_SUCCESSOR === "true" ? 0 : 1)'));
    expect(await fork(isSuccessor).exited).toEqual({ code, signal: null, error: null });
  });
});
