import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { rememberLastGiven } from './last-connection.ts';
import { readReport } from './messages.ts';
import type { WorkerExit, WorkerProcess } from './worker-process.ts';

/**
 * Starts this program once more, as a worker: `node:cluster` gives it the connections of the port that the supervisor
 * holds, by turns.
 *
 * The code is read from disk anew, and the settings from `.env`; the environment is the supervisor's.
 */
export function forkWorker(): WorkerProcess {
  const worker = cluster.fork();
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
  // The last messages can come behind the exit, but not behind the end of their channel. That is never told when the
  // worker was handed a connection that it has not taken.
  const channelEnded = once(worker, 'disconnect');
  return await new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      void Promise.race([channelEnded, delay(lastWordsMsMax)]).then(() => resolve({ code, signal }));
    });
    worker.on('error', () => {
      // Also told of a message that could not be sent. Without a pid there is no process that could end.
      if (worker.process.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}
