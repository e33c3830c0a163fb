import type { CacheEntry } from '../../../src/platform/cache/cache-entry.ts';
import type { LoggedChange, PrimaryChangeFeed } from '../../../src/platform/journal/change-feed.ts';
import type { VirtualTime } from '../../helpers/virtual-time.ts';

/** What a key was, from a commit on. The value is the number of the change that made it; null: it was deleted. */
export interface Version {
  readonly seq: number;
  readonly isDeletion: boolean;
  readonly committedAt: number;
}

export interface ModelWrite {
  readonly seq: number;
  commit(): void;
  rollBack(): void;
}

/**
 * A database with a versioned journal: numbers are taken in the order of the writes and become visible in that of the
 * commits. While it is away, what asks it fails after its deadline, and what is committed waits.
 */
export class ModelDatabase implements PrimaryChangeFeed {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #versions = new Map<string, Version[]>();
  readonly #visible: LoggedChange[] = [];
  /** Numbers of transactions that have not ended. */
  readonly #undecided = new Set<number>();
  readonly #locks = new Map<string, Promise<void>>();
  #lastSeq = 0;
  #awayUntil = 0;
  /** When it last came back. */
  backAt = 0;

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
  }

  get isAway(): boolean {
    return this.#time.now() < this.#awayUntil;
  }

  /** All that `key` has been, oldest first. */
  versionsOf(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  goAway(ms: number): void {
    this.#awayUntil = this.#time.now() + ms;
    this.backAt = this.#awayUntil;
  }

  /** Waits for the turn to write `key`, and takes a number. */
  async write(key: string, isDeletion: boolean): Promise<ModelWrite> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const before = this.#locks.get(key);
    this.#locks.set(key, ended);
    await before;
    this.#lastSeq += this.#random() < 0.1 ? 2 : 1;
    const seq = this.#lastSeq;
    this.#undecided.add(seq);
    return {
      seq,
      commit: () => {
        this.#versions.set(key, [...this.versionsOf(key), { seq, isDeletion, committedAt: this.#time.now() }]);
        this.#visible.push({ seq, key, id: `change ${seq}` });
        this.#undecided.delete(seq);
        end();
      },
      rollBack: () => {
        this.#undecided.delete(seq);
        end();
      },
    };
  }

  /** Reads what is committed at some moment between the call and its answer. */
  async load(key: string, isSlow: boolean): Promise<CacheEntry<number>> {
    await this.#answer(isSlow ? 400 : 10);
    const current = this.versionsOf(key).at(-1);
    const isThere = current !== undefined && !current.isDeletion;
    await this.#answer(isSlow ? 2_000 : 10);
    // Of what is not there, nobody knows since when.
    return isThere ? { revision: current.seq, value: current.seq } : { revision: 0, value: null };
  }

  async after(
    seq: number,
    { limit, gaps }: { readonly limit: number; readonly gaps: readonly number[] },
  ): Promise<readonly LoggedChange[]> {
    await this.#answer(60);
    const filled = this.#visible.filter((change) => gaps.includes(change.seq));
    const behind = this.#visible.filter((change) => change.seq > seq).toSorted((one, other) => one.seq - other.seq);
    await this.#answer(60);
    return [...filled, ...behind.slice(0, limit)];
  }

  async latest(): Promise<number> {
    await this.#answer(60);
    return this.#visible.reduce((latest, { seq }) => Math.max(latest, seq), 0);
  }

  async hasUndecided(numbers: readonly number[]): Promise<boolean> {
    await this.#answer(60);
    const isAny = numbers.some((seq) => this.#undecided.has(seq));
    await this.#answer(60);
    return isAny;
  }

  async #answer(withinMs: number): Promise<void> {
    await this.#time.delay(this.#random() * withinMs);
    if (!this.isAway) return;
    await this.#time.delay(500);
    throw new Error('The database is away.');
  }
}
