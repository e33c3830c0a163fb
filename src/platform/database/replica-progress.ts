import type { Change } from '../journal/change-feed.ts';
import type { ReadScope } from './database-reader.ts';

/** So many changes are waited for one by one; a replica that is further behind gets no reads. */
const changesMax = 10_000;

interface AwaitedChange {
  readonly key: string;
  readonly knownAt: number;
}

/**
 * What this process knows to have changed and a replica has not shown yet.
 *
 * Change by change rather than by one position: of two changes the one with the lower number can arrive later.
 */
export class ReplicaProgress {
  readonly #lagMsMax: number;
  readonly #now: () => number;
  /** By number, in the order in which they became known. */
  readonly #awaited = new Map<number, AwaitedChange>();
  /** The number of the latest change that is awaited, by key. */
  readonly #latestOf = new Map<string, number>();
  readonly #awaitedOwn = new Set<number>();
  #lastOwnAt = Number.NEGATIVE_INFINITY;
  #latestKnown = 0;
  /** Until it has shown this number, nothing can be said of it. */
  #mustReach = Number.POSITIVE_INFINITY;
  #reached = 0;

  /** @param options.now milliseconds on a clock that nobody sets */
  constructor(options: { readonly lagMsMax: number; readonly now: () => number }) {
    this.#lagMsMax = options.lagMsMax;
    this.#now = options.now;
  }

  /** Something was changed on the primary, by this process (`isOwn`) or by another. */
  awaitChange({ seq, key }: Change, isOwn: boolean): void {
    const knownAt = this.#now();
    this.#latestKnown = Math.max(this.#latestKnown, seq);
    this.#awaited.set(seq, { key, knownAt });
    this.#latestOf.set(key, Math.max(seq, this.#latestOf.get(key) ?? 0));
    if (isOwn) {
      this.#awaitedOwn.add(seq);
      this.#lastOwnAt = knownAt;
    }
    if (this.#awaited.size <= changesMax) return;
    const [oldest] = this.#awaited.keys();
    if (oldest !== undefined) this.#forget(oldest);
    // What is not awaited any more must not be missed: first it has to get as far as everything that is known now.
    this.#mustReach = Math.max(this.#mustReach, this.#latestKnown);
  }

  /** Changes up to `seq` may have been missed here: the replica has to get that far before anything can be said of it. */
  awaitAllUpTo(seq: number): void {
    this.#mustReach = seq;
    // Lower when the log is another one, whose numbers are not to be compared with those of before.
    this.#latestKnown = seq;
  }

  /** The least number that is awaited; undefined: none is. */
  get firstAwaited(): number | undefined {
    let first: number | undefined;
    for (const seq of this.#awaited.keys()) first = Math.min(seq, first ?? seq);
    return first;
  }

  /** The greatest number that the replica shows. One that has lost what it had shown has to get that far again. */
  reach(latest: number): void {
    if (latest < this.#reached) this.#mustReach = Math.max(this.#mustReach, this.#reached);
    this.#reached = latest;
  }

  /** The replica has shown this change. */
  see(seq: number): void {
    this.#forget(seq);
  }

  /**
   * For how long the change that it has been missing for longest had been known when the primary was last heard of:
   * `primaryHeardAt`, or by a write of this process since. While the primary is silent nobody can say who lags.
   */
  lagMs(primaryHeardAt: number): number {
    const [oldest] = this.#awaited.values();
    return oldest === undefined ? 0 : Math.max(0, Math.max(primaryHeardAt, this.#lastOwnAt) - oldest.knownAt);
  }

  /** Whether all that this process may have missed is on the replica. */
  get hasBegun(): boolean {
    return this.#reached >= this.#mustReach;
  }

  /**
   * Whether the replica would answer with all that this process knows: of the keys, whoever has changed them; of any key,
   * what this process has changed.
   *
   * Keys have no bound in time: what is read of them may be kept by a cache, which has been told of the change. Lists are
   * kept by nobody, and with a primary that is gone, and its last changes with it, they shall not fail for good.
   */
  hasAll({ keys }: ReadScope): boolean {
    if (keys !== 'any') return !keys.some((key) => this.#latestOf.has(key));
    return this.#awaitedOwn.size === 0 || this.#now() - this.#lastOwnAt > this.#lagMsMax;
  }

  #forget(seq: number): void {
    const awaited = this.#awaited.get(seq);
    if (awaited === undefined) return;
    this.#awaited.delete(seq);
    this.#awaitedOwn.delete(seq);
    if (this.#latestOf.get(awaited.key) === seq) this.#latestOf.delete(awaited.key);
  }
}
