/**
 * Numbers that were passed over: the changes that have them are not committed yet, or will never be. Each is asked for
 * again in so many rounds of reading. Rounds, and not seconds, so that a time without contact does not count: a
 * transaction that a frozen server has stopped goes on with it.
 */
export class ChangeGaps {
  readonly #roundsMax: number;
  readonly #numbersMax: number;
  /** With the rounds that are left. In the order in which they were found, which is that of their ends. */
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
      if (rounds <= 1) this.#roundsLeft.delete(seq);
      else this.#roundsLeft.set(seq, rounds - 1);
    }
  }

  clear(): void {
    this.#roundsLeft.clear();
  }
}
