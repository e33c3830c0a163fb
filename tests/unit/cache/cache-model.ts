import { MemoryCache } from '../../../src/platform/cache/memory-cache.ts';
import { ReadThroughCache } from '../../../src/platform/cache/read-through-cache.ts';
import { RecentChanges } from '../../../src/platform/cache/recent-changes.ts';
import type { JournalEvent } from '../../../src/platform/journal/journal-events.ts';
import { JournalTail } from '../../../src/platform/journal/journal-tail.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';
import { ModelDatabase } from './model-database.ts';
import { ModelSharedCache } from './model-shared-cache.ts';

/** Within which others see what was written. */
const othersSeeMs = 1_000;
const keys = ['a', 'b', 'c'];

interface Instance {
  readonly cache: ReadThroughCache<number>;
  readonly tail: JournalTail;
}

/** A write that was answered: by whom, and from when on whom it binds. */
interface Answered {
  readonly by: Instance;
  readonly key: string;
  readonly seq: number;
  readonly at: number;
  /** False: the writer was told that the outcome is not known. */
  readonly isCertain: boolean;
}

export interface ModelResult {
  readonly reads: number;
  readonly hits: number;
  /** Each read that should have shown something newer, in words. */
  readonly stale: readonly string[];
}

/** Two processes, one database, one shared store, and random readers and writers at once. */
class CacheModel {
  readonly #time = new VirtualTime();
  readonly #random: () => number;
  readonly #database: ModelDatabase;
  readonly #shared: ModelSharedCache;
  readonly #instances: readonly Instance[];
  readonly #answered: Answered[] = [];
  readonly #stale: string[] = [];
  #reads = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    this.#database = new ModelDatabase(this.#time, this.#random);
    this.#shared = new ModelSharedCache(this.#time, this.#random);
    const shared = this.#random() < 0.7 ? this.#shared : null;
    this.#instances = [this.#instance(shared), this.#instance(shared)];
  }

  async run(): Promise<ModelResult> {
    const steps = 10 + Math.floor(this.#random() * 50);
    // Dense in some runs, longer than anything is remembered in others.
    const pauseMsMax = this.#pick([20, 100, 800]);
    for (let step = 0; step < steps; step++) {
      await this.#time.pass(this.#random() * pauseMsMax);
      this.#step();
    }
    await this.#time.pass(25_000);
    for (const key of keys) for (const instance of this.#instances) this.#read(instance, key);
    await this.#time.pass(5_000);
    const stopped = Promise.all(this.#instances.map(({ tail }) => tail.stop()));
    await this.#time.pass(2_000);
    await stopped;
    const hits = this.#instances.reduce((sum, { cache }) => sum + cache.counts.memoryHits + cache.counts.sharedHits, 0);
    return { reads: this.#reads, hits, stale: this.#stale };
  }

  #instance(store: ModelSharedCache | null): Instance {
    const scheduler = this.#time;
    // Some begin while others are writing.
    const startsAt = this.#random() < 0.5 ? 0 : this.#random() * 2_000;
    const events = new EventStream<JournalEvent>((error) => {
      throw error;
    });
    const tail = new JournalTail(this.#database, { scheduler, events });
    const shared = store?.joinedBy(tail, this.#database) ?? null;
    // Fewer than keys, so that entries are pushed out.
    const memory = new MemoryCache<number>({
      entriesMax: this.#pick([2, 100]),
      bytesMax: 1_000_000,
      ttlMs: 60_000,
      sizeOf: () => 8,
      scheduler,
    });
    const cache = new ReadThroughCache<number>({ memory, recent: new RecentChanges(scheduler), tail, shared });
    tail.subscribe((news) => {
      if (typeof news === 'string') this.#shared.forget();
      else this.#shared.passOn(news);
    });
    scheduler.schedule(startsAt, () => tail.start());
    return { cache, tail };
  }

  #step(): void {
    const instance = this.#pick(this.#instances);
    const key = this.#pick(keys);
    const choice = this.#random();
    if (choice < 0.6) this.#read(instance, key);
    else if (choice < 0.98) void this.#write(instance, key);
    else if (!this.#database.isAway) this.#database.goAway(this.#random() * 8_000);
  }

  async #write(instance: Instance, key: string): Promise<void> {
    const isDeletion = this.#random() < 0.25;
    const write = await this.#database.write(key, isDeletion);
    // In some of them, long enough that many higher numbers become visible before.
    await this.#time.delay(this.#random() * this.#pick([5, 5, 300, 3_000]));
    while (this.#database.isAway) await this.#time.delay(50);
    if (this.#random() < 0.1) return write.rollBack();
    const isCertain = this.#random() < 0.85;
    // Who gets no answer may have been told so before the commit.
    const doubtsAfterMs = this.#random() * 200;
    if (!isCertain) this.#time.schedule(doubtsAfterMs, () => instance.cache.doubt(key));
    // A COMMIT can stand still for longer than anything is remembered.
    if (!isCertain) await this.#time.delay(this.#random() * this.#pick([200, 200, 200, 20_000]));
    write.commit();
    if (isCertain) {
      await this.#time.delay(this.#random() * 30);
      instance.cache.put(key, { revision: write.seq, value: isDeletion ? null : write.seq });
    }
    this.#answered.push({ by: instance, key, seq: write.seq, at: this.#time.now(), isCertain });
  }

  #read(instance: Instance, key: string): void {
    const startedAt = this.#time.now();
    const required = this.#requiredOf(instance, key);
    const check = (value: number | null): void => this.#check(key, value, required, startedAt);
    const peeked = this.#random() < 0.5 ? instance.cache.peek(key) : undefined;
    if (peeked !== undefined) return check(peeked.value);
    const isSlow = this.#random() < 0.3;
    instance.cache
      .get(key, async () => ({ entry: await this.#database.load(key, isSlow), mayBeKept: true }))
      .then(
        ({ entry }) => check(entry.value),
        () => {},
      );
  }

  /** The number of the write that a read which begins now has to show at least. */
  #requiredOf(instance: Instance, key: string): number {
    const { isAway, backAt } = this.#database;
    const now = this.#time.now();
    return this.#answered
      .filter((write) => write.key === key)
      .filter(({ by, at, isCertain }) => {
        if (by === instance && isCertain) return true;
        // What cannot be asked cannot tell; nobody can write to it either.
        const toldFrom = backAt > at ? Math.max(at, backAt) : at;
        return !isAway && now - toldFrom > othersSeeMs;
      })
      .reduce((greatest, { seq }) => Math.max(greatest, seq), 0);
  }

  #check(key: string, value: number | null, required: number, startedAt: number): void {
    this.#reads += 1;
    const allowed = this.#database.versionsOf(key).filter(({ seq }) => seq >= required);
    const wasNothing = required === 0;
    const isRight = value === null ? wasNothing || allowed.some(({ isDeletion }) => isDeletion) : value >= required;
    if (!isRight)
      this.#stale.push(`${key}: ${value} where ${required} was due, read from ${Math.round(startedAt)} ms on`);
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }
}

/** @returns what was seen in all runs; the stale reads with the seed of their run */
export async function runCacheModel(runs: number, firstSeed: number): Promise<ModelResult> {
  const total = { reads: 0, hits: 0, stale: [] as string[] };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const { reads, hits, stale } = await new CacheModel(seed).run();
    total.reads += reads;
    total.hits += hits;
    total.stale.push(...stale.map((text) => `MODEL_SEED=${seed}: ${text}`));
  }
  return total;
}

/** Mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
