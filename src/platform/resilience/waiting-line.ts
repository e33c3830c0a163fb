/** Who waits for a turn, first come, first served. Whose turn it is, and how many there are, is its owner's business. */
export class WaitingLine {
  readonly #waiting = new Set<() => void>();

  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves when the turn has come. @throws what `refusal` makes, when it has not within `timeoutMs` */
  async wait(timeoutMs: number, refusal: () => Error): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(proceed);
      };
      const proceed = (): void => {
        leave();
        resolve();
      };
      const timer = setTimeout(() => {
        leave();
        reject(refusal());
      }, timeoutMs);
      this.#waiting.add(proceed);
    });
  }

  /**
   * Gives the turn to the next in line: it passes on without becoming free in between, so that nobody can overtake.
   *
   * @returns whether there was one
   */
  callNext(): boolean {
    const [next] = this.#waiting;
    next?.();
    return next !== undefined;
  }
}
