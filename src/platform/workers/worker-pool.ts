import { ProcessFailure } from '../process-failure.ts';
import { TimeoutError, withTimeout } from '../resilience/deadline.ts';
import { rootCauseOf } from '../telemetry/describe-error.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Order } from './messages.ts';
import { RestartBackoff } from './restart-backoff.ts';
import type { RestartFailure, WorkerEvent } from './worker-events.ts';
import type { WorkerExit, WorkerProcess, WorkerStart } from './worker-process.ts';

export type WorkerState = 'starting' | 'listening' | 'ready' | 'stopping';

export interface WorkerPoolOptions {
  readonly count: number;
  /** Does not throw: a worker that cannot be started is one that has ended. */
  readonly fork: (start: WorkerStart) => WorkerProcess;
  readonly events: EventStream<WorkerEvent>;
  /** How long a worker may take from its start until it is ready, in a restart of all. */
  readonly readyMsMax: number;
  /** How long a worker may take to end when it is told to; then it is killed. */
  readonly stopMsMax: number;
}

/** The place of one worker, which others take after it. */
interface Place {
  /** Null while its worker has ended and the next one has not been started. */
  worker: WorkerProcess | null;
  readonly backoff: RestartBackoff;
  timer: NodeJS.Timeout | undefined;
}

/** Keeps a number of workers running, replaces them when it is told to, and ends them all. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #places: readonly Place[];
  /** All that have not ended, also those that leave or are to take over. */
  readonly #running = new Map<WorkerProcess, WorkerState>();
  /** The start counts as one: those that wait for a restart wait for it, too. */
  #restarting: Promise<void> | undefined;
  #isRestartWanted = false;
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, () => {
      return { worker: null, backoff: new RestartBackoff(), timer: undefined };
    });
  }

  /** The workers that run, with what they are about. */
  get states(): ReadonlyMap<WorkerProcess, WorkerState> {
    return this.#running;
  }

  /**
   * Starts one worker and, when it listens, the others: what keeps all of them from starting is told once.
   *
   * @returns the port, when all listen, or when the stop has come meanwhile: then no other one is started
   * @throws ProcessFailure when the first one ends before it listens; why is its own to tell
   */
  async start(): Promise<number> {
    const started = Promise.withResolvers<void>();
    this.#restarting = started.promise;
    try {
      return await this.#startAll();
    } finally {
      started.resolve();
      this.#restarting = undefined;
      if (this.#isRestartWanted) this.restart();
    }
  }

  /**
   * Replaces all workers, one after the other, by new ones, without a request being lost. When one does not come up, it
   * is given up. Asked while one runs, another one follows.
   */
  restart(): void {
    this.#isRestartWanted = true;
    if (this.#restarting !== undefined || this.#stopping !== undefined) return;
    this.#restarting = this.#restartWhileWanted().finally(() => {
      this.#restarting = undefined;
    });
  }

  /** Ends all workers. @throws Error when one of them did not end in good order */
  async stop(reason: string): Promise<void> {
    await (this.#stopping ??= this.#stopAll(reason));
  }

  /** Ends all workers here and now, for a process that cannot wait. */
  kill(): void {
    for (const worker of this.#running.keys()) worker.kill();
  }

  async #startAll(): Promise<number> {
    const [first, ...others] = this.#places;
    if (first === undefined) throw new Error('A pool has at least one worker.');
    const worker = this.#fork({ isSuccessor: false });
    const port = await Promise.race([worker.listening, worker.exited.then(failStart)]);
    this.#install(first, worker);
    if (this.#stopping !== undefined) return port;
    const rest = others.map((place) => this.#fill(place));
    await Promise.all(rest.map((each) => Promise.race([each.listening, each.exited])));
    return port;
  }

  #fork(start: WorkerStart): WorkerProcess {
    const worker = this.#options.fork(start);
    this.#running.set(worker, 'starting');
    this.#options.events.emit({ type: 'started', worker: worker.id });
    void worker.listening.then(() => this.#advance(worker, 'listening'));
    worker.onReport(({ type }) => {
      if (type === 'ready') this.#advance(worker, 'ready');
    });
    void worker.exited.then(() => this.#running.delete(worker));
    return worker;
  }

  #advance(worker: WorkerProcess, state: 'listening' | 'ready'): void {
    const current = this.#running.get(worker);
    // That it listens can be heard behind its word that it is ready, when both come at once.
    if (current === 'starting' || (current === 'listening' && state === 'ready')) this.#running.set(worker, state);
  }

  #fill(place: Place): WorkerProcess {
    const worker = this.#fork({ isSuccessor: false });
    this.#install(place, worker);
    return worker;
  }

  #install(place: Place, worker: WorkerProcess): void {
    clearTimeout(place.timer);
    place.worker = worker;
    void this.#refill(place, worker, performance.now());
  }

  /** Waits for the end of the worker, and starts the next one unless it was told to end. */
  async #refill(place: Place, worker: WorkerProcess, startedAt: number): Promise<void> {
    const exit = await worker.exited;
    // The place is another one's by then, or nobody's any more.
    if (place.worker !== worker || this.#stopping !== undefined) return;
    place.worker = null;
    const delayMs = place.backoff.nextDelayMs(performance.now() - startedAt);
    this.#options.events.emit({ type: 'lost', worker: worker.id, ...exit, delayMs });
    // It keeps the process alive: with all workers gone nothing else does.
    place.timer = setTimeout(() => this.#fill(place), delayMs);
  }

  async #restartWhileWanted(): Promise<void> {
    while (this.#isRestartWanted && this.#stopping === undefined) {
      this.#isRestartWanted = false;
      await this.#restartAll();
    }
  }

  async #restartAll(): Promise<void> {
    const { events } = this.#options;
    events.emit({ type: 'restart-begun' });
    for (const place of this.#places) {
      // The stop has told those that ran then: one that is started behind it would never end.
      if (this.#stopping !== undefined) return;
      const successor = this.#fork({ isSuccessor: true });
      const obstacle = await this.#becomesReady(successor);
      if (this.#stopping !== undefined) return;
      if (obstacle !== null) {
        events.emit({ type: 'restart-failed', worker: successor.id, ...obstacle });
        await this.#end(successor, { type: 'stop', reason: 'restart', isReplaced: true });
        return;
      }
      const leaving = place.worker;
      this.#install(place, successor);
      if (leaving === null) continue;
      await this.#end(leaving, { type: 'stop', reason: 'restart', isReplaced: true });
      events.emit({ type: 'replaced', worker: leaving.id, successor: successor.id });
    }
    events.emit({ type: 'restart-ended', workers: this.#places.length });
  }

  /** @returns null, or why it has not become ready */
  async #becomesReady(worker: WorkerProcess): Promise<Obstacle | null> {
    const ready = new Promise<null>((resolve) => {
      worker.onReport(({ type }) => {
        if (type === 'ready') resolve(null);
      });
    });
    const exited = worker.exited.then(({ error }): Obstacle => {
      return { failure: error === null ? 'exited' : 'not-started', error };
    });
    try {
      return await withTimeout(this.#options.readyMsMax, async () => await Promise.race([ready, exited]));
    } catch (error) {
      if (error instanceof TimeoutError) return { failure: 'not-ready-in-time', error: null };
      throw error;
    }
  }

  async #stopAll(reason: string): Promise<void> {
    for (const place of this.#places) clearTimeout(place.timer);
    const order: Order = { type: 'stop', reason, isReplaced: false };
    const ends = Array.from(this.#running, async ([worker, state]) => {
      const { code } = await this.#end(worker, order);
      // One that has not begun to work has nothing to lose.
      return code === 0 || state === 'starting';
    });
    const failed = (await Promise.all(ends)).filter((isInOrder) => !isInOrder).length;
    await this.#restarting;
    if (failed > 0) throw new ProcessFailure(`${failed} of ${ends.length} workers did not end in good order.`);
  }

  async #end(worker: WorkerProcess, order: Order): Promise<WorkerExit> {
    if (this.#running.has(worker)) this.#running.set(worker, 'stopping');
    worker.send(order);
    try {
      return await withTimeout(this.#options.stopMsMax, async () => await worker.exited);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      this.#options.events.emit({ type: 'killed', worker: worker.id });
      worker.kill();
      return await worker.exited;
    }
  }
}

/** Why a successor did not take over. */
interface Obstacle {
  readonly failure: RestartFailure;
  readonly error: unknown;
}

function failStart({ code, signal, error }: WorkerExit): never {
  if (error !== null) throw new ProcessFailure(`The first worker could not be started (${rootCauseOf(error)}).`);
  throw new ProcessFailure(`The first worker ended before it listened (${signal ?? `exit code ${code}`}).`);
}
