import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { rememberLastGiven } from './last-connection.ts';
import { readReport, successorVariable } from './messages.ts';
import type { WorkerExit, WorkerProcess, WorkerStart } from './worker-process.ts';

/**
 * Makes a function that starts this program once more, as a worker: `node:cluster` gives it the connections of the port
 * that the supervisor holds, by turns.
 *
 * The code is read from disk anew, and the settings from `.env`; the environment is the supervisor's. The function never
 * throws: a worker that cannot be started is one that has ended.
 */
export function clusterFork(): (start: WorkerStart) => WorkerProcess {
  // As `node:cluster` counts them, those included that it failed to start.
  let forks = 0;
  return ({ isSuccessor }) => {
    forks += 1;
    let worker: Worker;
    try {
      worker = cluster.fork({ [successorVariable]: String(isSuccessor) });
    } catch (error) {
      return notStarted(forks, Promise.resolve(error));
    }
    // Most failures are told a moment later. Until then this is the one sign of them.
    return worker.process.pid === undefined ? notStarted(worker.id, failureOf(worker)) : started(worker);
  };
}

function started(worker: Worker): WorkerProcess {
  const closeLastGiven = rememberLastGiven(worker.process);
  worker.once('exit', closeLastGiven);
  return {
    id: worker.id,
    listening: new Promise((resolve) => worker.once('listening', ({ port }) => resolve(port))),
    exited: endOf(worker),
    onReport: (listener) => {
      worker.on('message', (message: unknown) => {
        const report = readReport(message);
        if (report !== null) listener(report);
      });
    },
    // What cannot be delivered goes to a worker that ends, which is told in another way.
    send: (order) => void (worker.isConnected() && worker.send(order, () => {})),
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

/** So long the last words of a worker may take. */
const lastWordsMsMax = 200;

async function endOf(worker: Worker): Promise<WorkerExit> {
  // What `node:cluster` cannot deliver, such as the answer to a worker that has just died: its end is told in any case.
  worker.on('error', () => {});
  // The last messages can come behind the exit, but not behind the end of their channel. That is never told when the
  // worker was handed a connection that it has not taken. `once` of node:events would reject at an error.
  const channelEnded = new Promise<void>((resolve) => worker.once('disconnect', () => resolve()));
  return await new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      void Promise.race([channelEnded, delay(lastWordsMsMax)]).then(() => resolve({ code, signal, error: null }));
    });
  });
}

/** Why there is no process. Neither its exit is told then nor, when it has not got so far, the end of its channel. */
async function failureOf(worker: Worker): Promise<unknown> {
  return await new Promise((resolve) => worker.on('error', resolve));
}

function notStarted(id: number, failure: Promise<unknown>): WorkerProcess {
  return {
    id,
    listening: new Promise(() => {}),
    exited: failure.then((error) => ({ code: null, signal: null, error })),
    onReport: () => {},
    send: () => {},
    kill: () => {},
  };
}
