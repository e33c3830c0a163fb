import type { Scheduler } from '../../src/platform/scheduler.ts';

/** Enough turns for every promise that can go on without time passing. */
const turns = 40;
/** Kept, because Jest looks up what is global, as `Promise`, through the sandbox of each test file, which takes longer. */
const settled = Promise.resolve();

/** Time that passes when a test lets it pass, from one thing that is due to the next. */
export class VirtualTime implements Scheduler {
  /** Not 0, which to some is no time at all. */
  #now = 1;
  #due: { readonly at: number; readonly action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  /** What is left to be done, sooner or later. */
  get pending(): number {
    return this.#due.length;
  }

  schedule(delayMs: number, action: () => void): () => void {
    const item = { at: this.#now + delayMs, action };
    const index = this.#due.findLastIndex(({ at }) => at <= item.at);
    this.#due.splice(index + 1, 0, item);
    return () => {
      this.#due = this.#due.filter((each) => each !== item);
    };
  }

  async delay(ms: number): Promise<void> {
    await new Promise<void>((resolve) => void this.schedule(ms, resolve));
  }

  /** Lets `ms` pass in which nothing can happen: what was due is late. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Lets `ms` pass, and all happen that is due by then. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#due[0]; next !== undefined && next.at <= end; next = this.#due[0]) {
      this.#due.shift();
      this.#now = Math.max(this.#now, next.at);
      next.action();
      await settle();
    }
    this.#now = end;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await settled;
}
