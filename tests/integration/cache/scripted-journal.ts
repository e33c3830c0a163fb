import type { SharedCacheJournal } from '../../../src/platform/cache/shared-cache.ts';
import type { ChangeFeed, LoggedChange } from '../../../src/platform/journal/change-feed.ts';
import type { JournalNews } from '../../../src/platform/journal/journal-tail.ts';

type Tail = SharedCacheJournal['tail'];

/** What one process knows of the journal. */
export interface ScriptedTail extends Tail {
  isFollowing: boolean;
  /** Tells all that was written since the last time. */
  catchUp(): void;
  tell(news: JournalNews): void;
}

/** A journal of changes in memory, whose tails tell of them when the test wants it. */
export class ScriptedJournal {
  readonly #changes: LoggedChange[] = [];
  #lastSeq: number;
  isReadable = true;

  constructor(firstSeq = 1) {
    this.#lastSeq = firstSeq - 1;
  }

  readonly feed: ChangeFeed = {
    after: async (seq, { limit }) =>
      this.#read()
        .filter((change) => change.seq > seq)
        .slice(0, limit),
    latest: async () => this.#read().at(-1)?.seq ?? 0,
  };

  /** @returns the number of the change */
  write(key: string): number {
    this.#lastSeq += 1;
    this.#changes.push({ seq: this.#lastSeq, key, id: `change ${this.#lastSeq}` });
    return this.#lastSeq;
  }

  createTail(): ScriptedTail {
    const listeners = new Set<(news: JournalNews) => void>();
    let position = this.#lastSeq;
    const tail: ScriptedTail = {
      isFollowing: true,
      get settledPosition() {
        return position;
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      catchUp: () => {
        const news = this.#changes.filter(({ seq }) => seq > position);
        position = this.#lastSeq;
        if (news.length > 0) tail.tell(news);
      },
      tell: (news) => {
        for (const listener of listeners) listener(news);
      },
    };
    return tail;
  }

  #read(): readonly LoggedChange[] {
    if (!this.isReadable) throw new Error('The journal cannot be read.');
    return this.#changes;
  }
}
