const firstMs = 100;
const maxMs = 5_000;
/** A worker that has lived for so long did not fail at its start: whoever ends it, its successors begin anew. */
const steadyMs = 30_000;

/** How long the place of a worker that has ended stays empty: not at all at first, then longer with each quick end. */
export class RestartBackoff {
  #quickEnds = 0;

  /** @param livedMs from the start of the worker to its end */
  nextDelayMs(livedMs: number): number {
    if (livedMs >= steadyMs) this.#quickEnds = 0;
    const delayMs = this.#quickEnds === 0 ? 0 : Math.min(maxMs, firstMs * 2 ** (this.#quickEnds - 1));
    this.#quickEnds += 1;
    return delayMs;
  }
}
