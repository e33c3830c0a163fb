import { TimeoutError } from '../resilience/deadline.ts';
import type { Scheduler } from '../scheduler.ts';
import type { LoggedChange, PrimaryChangeFeed } from './change-feed.ts';

/** A feed ends by its own deadline; if it does not, what it answers then is of no interest. */
export class TimedFeed implements PrimaryChangeFeed {
  readonly #feed: PrimaryChangeFeed;
  readonly #scheduler: Pick<Scheduler, 'schedule'>;
  readonly #answerMs: number;
  #giveUp = (): void => {};

  /** @param options.answerMs how long it takes at most by its own limits */
  constructor(
    feed: PrimaryChangeFeed,
    options: { readonly scheduler: Pick<Scheduler, 'schedule'>; readonly answerMs: number },
  ) {
    this.#feed = feed;
    this.#scheduler = options.scheduler;
    this.#answerMs = options.answerMs;
  }

  async after(...question: Parameters<PrimaryChangeFeed['after']>): Promise<readonly LoggedChange[]> {
    return await this.#within(this.#feed.after(...question));
  }

  async latest(): Promise<number> {
    return await this.#within(this.#feed.latest());
  }

  async hasUndecided(numbers: readonly number[]): Promise<boolean> {
    return await this.#within(this.#feed.hasUndecided(numbers));
  }

  /** Whoever waits for an answer is told that there will be none. */
  giveUp(): void {
    this.#giveUp();
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    const { promise: expiry, reject } = Promise.withResolvers<never>();
    const unschedule = this.#scheduler.schedule(this.#answerMs, () => reject(new TimeoutError(this.#answerMs)));
    this.#giveUp = () => reject(new Error('Nobody waits any more.'));
    try {
      return await Promise.race([answer, expiry]);
    } finally {
      unschedule();
    }
  }
}
