import type { Change } from '../journal/change-feed.ts';
import type { JournalTail } from '../journal/journal-tail.ts';
import type { Scheduler } from '../scheduler.ts';
import type { ReadScope } from './database-reader.ts';
import { PassingKeys } from './passing-keys.ts';
import type { Replica } from './replica.ts';

/** Own writes of which the journal has not told yet, at most. */
const untoldMax = 10_000;

/** What this process knows to have changed, told to the replicas as soon as it is known: its own writes, and the journal. */
export class KnownChanges {
  readonly #replicas: readonly Pick<Replica, 'awaitChange' | 'awaitAllUpTo'>[];
  readonly #tail: Pick<JournalTail, 'subscribe' | 'position'>;
  readonly #untold = new Set<number>();
  readonly #doubted: PassingKeys;
  readonly #met: PassingKeys;

  constructor(options: {
    readonly replicas: readonly Pick<Replica, 'awaitChange' | 'awaitAllUpTo'>[];
    readonly tail: Pick<JournalTail, 'subscribe' | 'position'>;
    readonly scheduler: Pick<Scheduler, 'now'>;
    readonly doubtMs: number;
  }) {
    this.#replicas = options.replicas;
    this.#tail = options.tail;
    this.#doubted = new PassingKeys(options.scheduler, options.doubtMs);
    this.#met = new PassingKeys(options.scheduler, options.doubtMs);
    if (options.replicas.length === 0) return;
    options.tail.subscribe((news) => {
      // The numbers of what was written before are given anew.
      if (news === 'another-log') this.#untold.clear();
      if (typeof news === 'string') this.#forgetAll();
      else for (const change of news) this.#told(change);
    });
  }

  written(change: Change): void {
    if (this.#replicas.length === 0) return;
    this.#untold.add(change.seq);
    // One too many is only awaited once more when the journal tells of it.
    if (this.#untold.size > untoldMax) deleteFirst(this.#untold);
    for (const replica of this.#replicas) replica.awaitChange(change, true);
  }

  doubt(key: string): void {
    if (this.#replicas.length > 0) this.#doubted.add(key);
  }

  /** The primary has told somebody of a key, not by a read: the replicas may have what was before. */
  met(key: string): void {
    if (this.#replicas.length > 0) this.#met.add(key);
  }

  isInDoubt({ keys }: ReadScope): boolean {
    // Lists would hardly ever get to a replica if each refusal kept them from it.
    if (keys === 'any') return !this.#doubted.isEmpty;
    return keys.some((key) => this.#doubted.has(key) || this.#met.has(key));
  }

  #told(change: Change): void {
    if (this.#untold.delete(change.seq)) return;
    for (const replica of this.#replicas) replica.awaitChange(change, false);
  }

  #forgetAll(): void {
    for (const replica of this.#replicas) replica.awaitAllUpTo(this.#tail.position);
  }
}

function deleteFirst<T>(entries: Set<T>): void {
  for (const first of entries) {
    entries.delete(first);
    return;
  }
}
