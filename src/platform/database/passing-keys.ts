import type { Scheduler } from '../scheduler.ts';

const keysMax = 10_000;

/** Keys that count for a while, the latest ten thousand at most. */
export class PassingKeys {
  readonly #scheduler: Pick<Scheduler, 'now'>;
  readonly #forMs: number;
  /** Until when, in this order. */
  readonly #keys = new Map<string, number>();

  constructor(scheduler: Pick<Scheduler, 'now'>, forMs: number) {
    this.#scheduler = scheduler;
    this.#forMs = forMs;
  }

  get isEmpty(): boolean {
    this.#expire();
    return this.#keys.size === 0;
  }

  has(key: string): boolean {
    this.#expire();
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.set(key, this.#scheduler.now() + this.#forMs);
    this.#expire();
  }

  #expire(): void {
    const now = this.#scheduler.now();
    for (const [key, until] of this.#keys) {
      if (until > now && this.#keys.size <= keysMax) return;
      this.#keys.delete(key);
    }
  }
}
