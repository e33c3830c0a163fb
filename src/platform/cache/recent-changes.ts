import type { Scheduler } from '../scheduler.ts';

const windowMsDefault = 10_000;
const keysMax = 50_000;

interface Recent {
  /** 0: none is known of. */
  readonly seq: number;
  readonly until: number;
  /** Until when there may be a write of which nothing is known. */
  readonly doubtUntil: number;
}

const none: Recent = { seq: 0, until: 0, doubtUntil: 0 };

/** Which change of a key is the last that is known of, for the last seconds: what is older is out of date. */
export class RecentChanges {
  readonly #scheduler: Pick<Scheduler, 'now'>;
  readonly #windowMs: number;
  /** In the order in which they end. */
  readonly #recent = new Map<string, Recent>();
  /** The greatest number that was forgotten before its time, since there were too many. */
  #forgotten = none;

  /**
   * @param options.windowMs longer than a copy of what was before can be under way (a fill, a shared store that lags, a
   *   replica), and than a write whose outcome is not known can take to show; ten seconds by default
   */
  constructor(scheduler: Pick<Scheduler, 'now'>, options: { readonly windowMs?: number } = {}) {
    this.#scheduler = scheduler;
    this.#windowMs = options.windowMs ?? windowMsDefault;
  }

  /** The number of the last change of `key`; 0 when none is known of, ∞ while there may be one whose number is not known. */
  latestOf(key: string): number {
    const { seq, doubtUntil } = this.#get(key);
    return doubtUntil > this.#scheduler.now() ? Number.POSITIVE_INFINITY : seq;
  }

  /** Whether an entry of `key` may be older than a change that is, or was, known of. */
  mayBeOutdated(key: string, revision: number): boolean {
    if (revision < this.latestOf(key)) return true;
    return revision < this.#forgotten.seq && this.#scheduler.now() < this.#forgotten.until;
  }

  /** There is a change. @returns whether it is news */
  note(key: string, seq: number): boolean {
    const known = this.#get(key);
    if (known.seq >= seq) return false;
    this.#set(key, seq, known.doubtUntil);
    return true;
  }

  /** A write of this process has become the change `seq`; with it, one before whose outcome was not known has ended. */
  settle(key: string, seq: number): void {
    this.#set(key, Math.max(this.#get(key).seq, seq), 0);
  }

  /**
   * There may be a change, of whatever number.
   *
   * @param forMs at most the window
   */
  doubt(key: string, forMs = this.#windowMs): void {
    const { seq, doubtUntil } = this.#get(key);
    this.#set(key, seq, Math.max(doubtUntil, this.#scheduler.now() + forMs));
  }

  /** From now on numbers are those of another log, and say nothing beside those of before. Doubts stay. */
  renumber(): void {
    for (const [key, recent] of this.#recent) this.#recent.set(key, { ...recent, seq: 0 });
    this.#forgotten = none;
  }

  #get(key: string): Recent {
    const recent = this.#recent.get(key);
    return recent === undefined || recent.until <= this.#scheduler.now() ? none : recent;
  }

  #set(key: string, seq: number, doubtUntil: number): void {
    const now = this.#scheduler.now();
    this.#recent.delete(key);
    this.#recent.set(key, { seq, until: now + this.#windowMs, doubtUntil });
    for (const [oldest, recent] of this.#recent) {
      const isOver = recent.until <= now;
      if (!isOver && this.#recent.size <= keysMax) return;
      this.#recent.delete(oldest);
      if (!isOver) this.#forgotten = { ...recent, seq: Math.max(this.#forgotten.seq, recent.seq) };
    }
  }
}
