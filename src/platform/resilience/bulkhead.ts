/** All permits are taken; the work was not started. */
export class BulkheadFullError extends Error {
  constructor(limit: number) {
    super(`All ${limit} permits are taken.`);
    this.name = 'BulkheadFullError';
  }
}

/**
 * Bounds how much of one kind of work runs at once. It has no queue: work that finds no permit is refused at once,
 * because whoever waits in a queue for a slow dependency waits in vain.
 *
 * A permit is held until the work has really ended, not until somebody loses patience with it.
 */
export class Bulkhead {
  readonly #limit: number;
  #active = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws BulkheadFullError without starting `work` when no permit is free */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#limit) throw new BulkheadFullError(this.#limit);
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
    }
  }
}
