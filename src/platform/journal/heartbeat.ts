import type { Scheduler } from '../scheduler.ts';

const beatMs = 200;
const stillMsMax = 1_000;

/**
 * Notices that the process has stood still for more than a second: stopped, moved to another machine, or busy with one
 * thing. What has waited in its sockets meanwhile is served before any timer runs.
 */
export class Heartbeat {
  readonly #scheduler: Scheduler;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  #resumedAt = Number.NEGATIVE_INFINITY;
  #unschedule = (): void => {};

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** False while it stands still, and from then on until it is noticed. */
  get isBeating(): boolean {
    return this.#scheduler.now() - this.#lastBeatAt <= stillMsMax;
  }

  /** When it was last noticed that the process goes on, by the scheduler; −∞ when it never stood still. */
  get resumedAt(): number {
    return this.#resumedAt;
  }

  start(): void {
    this.#lastBeatAt = this.#scheduler.now();
    this.#await();
  }

  stop(): void {
    this.#unschedule();
  }

  #await(): void {
    this.#unschedule = this.#scheduler.schedule(beatMs, () => this.#beat());
  }

  #beat(): void {
    const now = this.#scheduler.now();
    if (!this.isBeating) this.#resumedAt = now;
    this.#lastBeatAt = now;
    this.#await();
  }
}
