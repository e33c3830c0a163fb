import type { CacheEntry } from '../../../src/platform/cache/cache-entry.ts';
import type { SharedCache } from '../../../src/platform/cache/shared-cache.ts';
import type { Change, ChangeFeed } from '../../../src/platform/journal/change-feed.ts';
import type { JournalTail } from '../../../src/platform/journal/journal-tail.ts';
import type { VirtualTime } from '../../helpers/virtual-time.ts';

const passOnMsMax = 3_000;

/**
 * A store that processes share, as late and forgetful as a shared cache may be: puts are delayed or lost, answers are
 * from a moment ago. What the journal tells reaches it, though it takes longer than the processes themselves.
 */
export class ModelSharedCache implements SharedCache<number> {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #entries = new Map<string, CacheEntry<number> | { readonly revision: number; readonly value?: never }>();

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
  }

  /** For a process that follows `tail`: it has nothing until what was missed before it came has been passed on. */
  joinedBy(tail: Pick<JournalTail, 'isFollowing'>, feed: ChangeFeed): SharedCache<number> {
    let state: 'away' | 'joining' | 'joined' = 'away';
    const join = async (): Promise<void> => {
      state = 'joining';
      try {
        const missed = await feed.after(0, { limit: Number.POSITIVE_INFINITY, gaps: [] });
        this.passOn(missed, () => (state = 'joined'));
      } catch {
        state = 'away';
      }
    };
    const isJoined = (): boolean => {
      if (state === 'away' && tail.isFollowing) void join();
      return state === 'joined';
    };
    return {
      get: async (key) => (isJoined() ? await this.get(key) : null),
      put: (key, entry) => {
        if (isJoined()) this.put(key, entry);
      },
    };
  }

  async get(key: string): Promise<CacheEntry<number> | null> {
    await this.#time.delay(this.#random() * 25);
    const found = this.#entries.get(key);
    await this.#time.delay(this.#random() * 25);
    return found?.value === undefined ? null : found;
  }

  put(key: string, entry: CacheEntry<number>): void {
    if (this.#random() < 0.3) return;
    this.#time.schedule(this.#random() * 1_000, () => {
      if ((this.#entries.get(key)?.revision ?? -1) <= entry.revision) this.#entries.set(key, entry);
    });
  }

  /** What a process passes on that follows the journal. */
  passOn(changes: readonly Change[], onDone = (): void => {}): void {
    this.#time.schedule(this.#random() * passOnMsMax, () => {
      for (const { key, seq } of changes) {
        if ((this.#entries.get(key)?.revision ?? -1) < seq) this.#entries.set(key, { revision: seq });
      }
      onDone();
    });
  }

  forget(): void {
    this.#entries.clear();
  }
}
