import type { Answer } from '../idempotency/answer.ts';
import type { IdempotentAnswer } from '../idempotency/idempotent-writes.ts';

/** An answer, and what has been written for it; null: nothing. */
export interface Written<Effect> {
  readonly answer: Answer;
  readonly effect: Effect | null;
}

/** Who has to know what was written before whoever wrote it is answered, such as a cache. Must not throw. */
export interface WriteObserver<Effect> {
  committed(effect: Effect): void;
  /** The write failed, but perhaps not before it was committed. */
  undecided(effect: Effect): void;
  /**
   * The answer to a write that has changed nothing tells something of what is stored under `key`, or was: that it is
   * there already, is gone, or has another version.
   */
  met(key: string): void;
}

/** Tells all of them, in this order. */
export function observedByAll<Effect>(observers: readonly WriteObserver<Effect>[]): WriteObserver<Effect> {
  return {
    committed: (effect) => {
      for (const observer of observers) observer.committed(effect);
    },
    undecided: (effect) => {
      for (const observer of observers) observer.undecided(effect);
    },
    met: (key) => {
      for (const observer of observers) observer.met(key);
    },
  };
}

/** What the attempts of one write have written, of which the last may have been committed. */
export class EffectsOfAttempts<Effect> {
  readonly #observer: WriteObserver<Effect>;
  readonly #key: string | null;
  /** Of the last attempt. */
  #effect: Effect | null = null;
  /** Of any attempt. */
  #lastEffect: Effect | null = null;

  /** @param key what is to be written; null: what does not exist yet */
  constructor(observer: WriteObserver<Effect>, key: string | null) {
    this.#observer = observer;
    this.#key = key;
  }

  async attempt(work: () => Promise<Written<Effect>>): Promise<Answer> {
    this.#effect = null;
    const { answer, effect } = await work();
    this.#effect = effect;
    this.#lastEffect = effect ?? this.#lastEffect;
    return answer;
  }

  /**
   * Tells what has come of the attempts that `run` makes, before it returns what `run` does.
   *
   * @param isRefusal whether an error comes of what is stored, rather than of not having got to it
   */
  async observe(
    run: () => Promise<IdempotentAnswer>,
    isRefusal: (error: unknown) => boolean,
  ): Promise<IdempotentAnswer> {
    try {
      const outcome = await run();
      // An attempt that finds its key taken may have found that one before it was committed after all.
      if (outcome.replayed) this.#tellUndecided();
      if (this.#effect === null || outcome.replayed) this.#tellMet();
      else this.#observer.committed(this.#effect);
      return outcome;
    } catch (error) {
      this.#tellUndecided();
      if (isRefusal(error)) this.#tellMet();
      throw error;
    }
  }

  #tellUndecided(): void {
    if (this.#lastEffect !== null) this.#observer.undecided(this.#lastEffect);
  }

  #tellMet(): void {
    if (this.#key !== null) this.#observer.met(this.#key);
  }
}
