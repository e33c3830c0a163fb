import { setTimeout as delay } from 'node:timers/promises';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { type ReadModelRun, rebuildReadModel } from './build-read-model.ts';
import type { ReadModelWork } from './read-model-work.ts';

const retryMs = 5_000;

/** Builds the read model in the background of a service that is alone with its database. */
export class ReadModelBuild {
  readonly #unitOfWork: UnitOfWork<ReadModelWork>;
  readonly #onEnd: (run: ReadModelRun) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /**
   * @param options.onEnd is told when the read model is ready
   * @param options.onFailure is told why it was broken off; it goes on after a while
   */
  constructor(
    unitOfWork: UnitOfWork<ReadModelWork>,
    options: { onEnd: (run: ReadModelRun) => void; onFailure: (error: unknown) => void },
  ) {
    this.#unitOfWork = unitOfWork;
    this.#onEnd = options.onEnd;
    this.#onFailure = options.onFailure;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends behind the batch that is under way; the next start goes on there. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const run = await rebuildReadModel(this.#unitOfWork, { signal });
        if (run.isComplete) this.#onEnd(run);
        return;
      } catch (error) {
        this.#onFailure(error);
      }
      await delay(retryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
