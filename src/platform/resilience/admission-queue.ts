import { WaitingLine } from './waiting-line.ts';

export type RefusalReason = 'queue-full' | 'queue-timeout';

/** There is more work than can be done; this was not started. */
export class AdmissionRefusedError extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason === 'queue-full' ? 'The queue is full.' : 'The turn did not come in time.');
    this.name = 'AdmissionRefusedError';
    this.reason = reason;
  }
}

export interface AdmissionLimits {
  /** How much work runs at once. */
  readonly concurrency: number;
  /** How much more may wait for its turn. */
  readonly queueMax: number;
  /** How long it may wait. */
  readonly queueTimeoutMs: number;
}

/**
 * Lets so much work through as a resource can do at once, and keeps a short queue, first come, first served, for the
 * rest. Work that finds the queue full, or whose turn does not come in time, is refused before it has cost anything.
 *
 * A turn is held until the work has really ended.
 */
export class AdmissionQueue {
  readonly limits: AdmissionLimits;
  readonly #line = new WaitingLine();
  #inUse = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get queued(): number {
    return this.#line.length;
  }

  get isFull(): boolean {
    return this.#line.length >= this.limits.queueMax;
  }

  /** @throws AdmissionRefusedError without starting `work`; what `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inUse < this.limits.concurrency) this.#inUse += 1;
    else await this.#waitInLine();
    try {
      return await work();
    } finally {
      this.#handOn();
    }
  }

  async #waitInLine(): Promise<void> {
    if (this.isFull) throw new AdmissionRefusedError('queue-full');
    await this.#line.wait(this.limits.queueTimeoutMs, () => new AdmissionRefusedError('queue-timeout'));
  }

  #handOn(): void {
    if (!this.#line.callNext()) this.#inUse -= 1;
  }
}
