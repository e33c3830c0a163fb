import type { ServerResponse } from 'node:http';

export interface ReaderLimits {
  /** How long a client may take to read an answer that is complete. */
  readonly answerTimeoutMs: number;
  /** How much may wait for clients to read it, all of them together. */
  readonly unsentBytesMax: number;
  /** How often both are looked at. */
  readonly checkEveryMs: number;
}

/** The answers under way, from the headers of their request until they have gone out or their client has. */
export class RunningAnswers implements Iterable<ServerResponse> {
  readonly #answers = new Set<ServerResponse>();
  /** When an answer that was complete was first seen to wait. */
  readonly #waitingSince = new WeakMap<ServerResponse, number>();

  [Symbol.iterator](): Iterator<ServerResponse> {
    return this.#answers.values();
  }

  get size(): number {
    return this.#answers.size;
  }

  add(res: ServerResponse): void {
    this.#answers.add(res);
    res.once('close', () => this.#answers.delete(res));
  }

  /**
   * Cuts the connections of clients that do not read their answers: those that take too long, and, when too much waits
   * in all, the oldest. Node.js has no limit for either; a timeout of the socket counts from the last byte, and is
   * outwitted by a client that reads one now and then.
   *
   * @returns a function that ends it
   */
  cutSlowReaders(limits: ReaderLimits): () => void {
    const timer = setInterval(() => this.#cut(limits), limits.checkEveryMs).unref();
    return () => clearInterval(timer);
  }

  #cut({ answerTimeoutMs, unsentBytesMax }: ReaderLimits): void {
    const now = performance.now();
    let unsentBytes = 0;
    for (const res of this.#answers) unsentBytes += res.writableLength;
    for (const res of this.#answers) {
      const bytes = res.writableLength;
      const isExcess = unsentBytes > unsentBytesMax && bytes > 0;
      if (!isExcess && !this.#isOverdue(res, now, answerTimeoutMs)) continue;
      unsentBytes -= bytes;
      res.req.socket.destroy();
    }
  }

  #isOverdue(res: ServerResponse, now: number, answerTimeoutMs: number): boolean {
    if (!res.writableEnded) return false;
    const since = this.#waitingSince.get(res);
    if (since === undefined) this.#waitingSince.set(res, now);
    return since !== undefined && now - since >= answerTimeoutMs;
  }
}
