import type { Order, Report } from '../../../src/platform/workers/messages.ts';
import type { WorkerExit, WorkerProcess, WorkerStart } from '../../../src/platform/workers/worker-process.ts';

/** A worker that does what the test says. It ends when it is told to, unless it is stuck. */
export class ScriptedWorker implements WorkerProcess {
  readonly id: number;
  readonly start: WorkerStart;
  readonly orders: Order[] = [];
  isStuck = false;
  isKilled = false;
  readonly #listening = Promise.withResolvers<number>();
  readonly #exited = Promise.withResolvers<WorkerExit>();
  readonly #listeners: ((report: Report) => void)[] = [];

  constructor(id: number, start: WorkerStart = { isSuccessor: false }) {
    this.id = id;
    this.start = start;
  }

  get listening(): Promise<number> {
    return this.#listening.promise;
  }

  get exited(): Promise<WorkerExit> {
    return this.#exited.promise;
  }

  onReport(listener: (report: Report) => void): void {
    this.#listeners.push(listener);
  }

  send(order: Order): void {
    this.orders.push(order);
    if (order.type === 'stop' && !this.isStuck) this.exit({ code: 0 });
  }

  kill(): void {
    this.isKilled = true;
    this.exit({ signal: 'SIGKILL' });
  }

  listen(): void {
    this.#listening.resolve(8080);
  }

  report(report: Report): void {
    for (const listener of this.#listeners) listener(report);
  }

  becomeReady(): void {
    this.listen();
    this.report({ type: 'ready' });
  }

  exit({ code = null, signal = null, error = null }: Partial<WorkerExit>): void {
    this.#exited.resolve({ code, signal, error });
  }
}
