/** No transaction has it any more: it is asked for once more. */
const ended = -1;

/**
 * Numbers that were passed over: the changes that have them are not committed yet, or will never be. Each is asked for
 * again in so many rounds of reading, and then until it is known that no transaction has it any more. Rounds, and not
 * seconds, so that a time without contact does not count.
 */
export class ChangeGaps {
  readonly #roundsMax: number;
  readonly #numbersMax: number;
  /** With the rounds that are left; 0: until its transaction has ended. In the order in which they were found. */
  readonly #roundsLeft = new Map<number, number>();

  constructor(limits: { readonly roundsMax: number; readonly numbersMax: number }) {
    this.#roundsMax = limits.roundsMax;
    this.#numbersMax = limits.numbersMax;
  }

  get numbers(): readonly number[] {
    return [...this.#roundsLeft.keys()];
  }

  /** They are found in ascending order. */
  get lowest(): number | undefined {
    return this.#roundsLeft.keys().next().value;
  }

  /** Those that were asked for in all their rounds: it is time to ask what has become of their transactions. */
  get due(): readonly number[] {
    return [...this.#roundsLeft].filter(([, rounds]) => rounds === 0).map(([seq]) => seq);
  }

  /** Adds the numbers between two others. @returns false, adding none, when that would be too many */
  add(lower: number, higher: number): boolean {
    if (this.#roundsLeft.size + (higher - lower - 1) > this.#numbersMax) return false;
    for (let seq = lower + 1; seq < higher; seq++) this.#roundsLeft.set(seq, this.#roundsMax);
    return true;
  }

  /** @returns whether it was one of them */
  fill(seq: number): boolean {
    return this.#roundsLeft.delete(seq);
  }

  /** All of them have been asked for once more. */
  endRound(): void {
    for (const [seq, rounds] of this.#roundsLeft) {
      if (rounds === ended) this.#roundsLeft.delete(seq);
      else this.#roundsLeft.set(seq, Math.max(0, rounds - 1));
    }
  }

  /** No transaction has these any more: what is not there in the next round never will be. */
  end(numbers: readonly number[]): void {
    for (const seq of numbers) this.#roundsLeft.set(seq, ended);
  }

  clear(): void {
    this.#roundsLeft.clear();
  }
}
