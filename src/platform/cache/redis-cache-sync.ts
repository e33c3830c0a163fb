import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { JournalNews } from '../journal/journal-tail.ts';
import { readMissedChanges } from '../journal/missed-changes.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { noAnswer, notConnected, RedisError } from '../redis/redis-errors.ts';
import type { Scheduler } from '../scheduler.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { RedisCacheCalls } from './redis-cache-calls.ts';
import type { LeaveReason, RedisCacheEvent } from './redis-cache-events.ts';
import { type CacheJournal, joinJournal, pushChanges } from './redis-cache-scripts.ts';
import type { SharedCacheJournal } from './shared-cache.ts';

/** Who is further behind than this begins a new generation instead of pushing what was missed. */
const behindMax = 10_000;
/** So that one script does not hold up the reads of everybody else. */
const pushSize = 200;
/** To push twice does no harm, and to leave because of one slow moment would cost more. */
const pushRetriesMax = 2;
const heartbeatMsMax = 1_000;
const retryMsMin = 100;
const retryMsMax = 1_000;

export interface RedisCacheSyncOptions {
  readonly connection: RedisConnection;
  readonly calls: RedisCacheCalls;
  /** The key of the hash that redis-cache-scripts.ts speaks of. */
  readonly journalKey: string;
  /** Where the entry is for which the journal has `key`. */
  readonly keyOf: (key: string) => string;
  /** How long a marker is kept, and no entry is kept shorter. */
  readonly guardMs: number;
  readonly scheduler: Scheduler;
  readonly events: EventStream<RedisCacheEvent>;
}

/**
 * Keeps what is in Redis right, as one of several processes that do the same: every change that the tail tells is pushed
 * to Redis, where it replaces what is older. A change is pushed as often as there are processes, because each can die
 * at any time; only the first push does something.
 *
 * A process uses what is in Redis while it has joined: all changes up to the position in Redis's journal have been pushed
 * by somebody, and all later ones by this process. When one of its pushes has failed, or the connection was lost (the
 * Redis behind the next one may have forgotten everything, or be an old copy), it leaves, and joins again by pushing
 * what has changed since that position.
 */
export class RedisCacheSync {
  readonly #options: RedisCacheSyncOptions;
  readonly #heartbeatMs: number;
  #source: SharedCacheJournal | null = null;
  #joined: CacheJournal | null = null;
  /** As Redis said last. */
  #generation: string | null = null;
  /** Of this generation's entries and its position nothing is known, since they are of another log. */
  #outdated: string | null = null;
  /** Grows whenever it leaves, so that a join during which that has happened counts for nothing. */
  #leaves = 0;
  /** Why it is not used, as told last; null: it has joined, or has nothing to tell yet. */
  #reasonTold: string | null = null;
  #failures = 0;
  /** Changed keys and their latest change, not in Redis yet. */
  #unpushed = new Map<string, number>();
  #isWoken = false;
  #wakeUp = (): void => {};
  #unsubscribe = (): void => {};
  #running: Promise<void> = Promise.resolve();

  constructor(options: RedisCacheSyncOptions) {
    this.#options = options;
    this.#heartbeatMs = Math.min(heartbeatMsMax, options.guardMs / 6);
  }

  /** The generation whose entries can be used now; null: none. */
  get generation(): string | null {
    return this.#joined?.generation ?? null;
  }

  /** Up to here all changes are known to this process. */
  get seen(): number {
    return this.#source?.tail.settledPosition ?? 0;
  }

  start(source: SharedCacheJournal): void {
    const { client } = this.#options.connection;
    this.#source = source;
    const end = source.tail.subscribe((news) => this.#take(news));
    client.on('close', this.#disconnected);
    client.on('ready', this.#connected);
    this.#unsubscribe = () => {
      end();
      client.off('close', this.#disconnected);
      client.off('ready', this.#connected);
    };
    this.#running = this.#run(source);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#source = null;
    this.#joined = null;
    this.#wake();
    await this.#running;
  }

  /** Stops using what is in Redis, until it has joined again. */
  leave(code: LeaveReason): void {
    this.#leaveBecause(code);
    this.#wake();
  }

  readonly #disconnected = (): void => this.leave('not-connected');
  readonly #connected = (): void => {
    this.#failures = 0;
    this.#wake();
  };

  /** To be called when an entry may stand in Redis that is older than this change. */
  noteChange(key: string, seq: number): void {
    if (seq > (this.#unpushed.get(key) ?? 0)) this.#unpushed.set(key, seq);
    if (this.#unpushed.size <= behindMax) return;
    this.#unpushed.clear();
    if (this.#joined !== null) this.leave('behind');
    else this.#leaves += 1;
  }

  #take(news: JournalNews): void {
    if (news === 'another-log') this.#outdated = this.#generation;
    if (typeof news === 'string') return this.leave('not-following');
    for (const { key, seq } of news) this.noteChange(key, seq);
    if (this.#joined !== null) this.#wake();
  }

  #leaveBecause(code: string, error?: unknown): void {
    this.#leaves += 1;
    this.#joined = null;
    if (code === this.#reasonTold) return;
    this.#reasonTold = code;
    this.#options.events.emit({ type: 'left', code, ...(code === 'unexpected' ? { error } : {}) });
  }

  async #run(source: SharedCacheJournal): Promise<void> {
    while (this.#source !== null) {
      this.#isWoken = false;
      try {
        if (this.#joined === null) await this.#join(source);
        else await this.#pushNews(source, this.#joined);
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        this.#leaveBecause(this.#codeOf(error), error);
      }
      await this.#pause(this.#joined === null ? this.#retryMs() : this.#heartbeatMs);
    }
  }

  async #join(source: SharedCacheJournal): Promise<void> {
    const { tail } = source;
    if (!tail.isFollowing) this.#fail('not-following');
    const leaves = this.#leaves;
    this.#unpushed.clear();
    const own = randomBytes(8).toString('hex');
    let journal = await this.#joinJournal({ generation: own, position: tail.settledPosition }, this.#outdated);
    // Read before the log is, so that what it says is in what was read.
    let settled = tail.settledPosition;
    let missed = await this.#missedSince(journal.position, source);
    if (missed === null) {
      journal = await this.#joinJournal({ generation: own, position: tail.settledPosition }, journal.generation);
      settled = tail.settledPosition;
      missed = (await this.#missedSince(journal.position, source)) ?? this.#fail('behind');
    }
    const joined = await this.#push(missed, settled, journal);
    if (leaves !== this.#leaves || this.#source === null) return;
    this.#joined = joined;
    this.#reasonTold = null;
    this.#options.events.emit({ type: 'joined', entries: journal.generation === own ? 'dropped' : 'kept' });
  }

  async #joinJournal(own: CacheJournal, replaced: string | null): Promise<CacheJournal> {
    const { calls, journalKey } = this.#options;
    const result = await calls.run(async (client) => await joinJournal(client, journalKey, own, replaced));
    if ('code' in result) this.#fail(result.code);
    this.#generation = result.value.generation;
    return result.value;
  }

  async #missedSince(position: number, { feed }: SharedCacheJournal): Promise<Map<string, number> | null> {
    try {
      return await readMissedChanges(feed, position, behindMax);
    } catch (cause) {
      throw new RedisError('journal-unreadable' satisfies LeaveReason, { cause });
    }
  }

  async #pushNews({ tail }: SharedCacheJournal, joined: CacheJournal): Promise<void> {
    const leaves = this.#leaves;
    const changes = this.#unpushed;
    this.#unpushed = new Map();
    const pushed = await this.#push(changes, tail.isFollowing ? tail.settledPosition : 0, joined);
    if (leaves === this.#leaves && this.#source !== null) this.#joined = pushed;
  }

  /** The position is advanced with the last part, when all is there. Without changes it is a heartbeat. */
  async #push(changes: ReadonlyMap<string, number>, settled: number, journal: CacheJournal): Promise<CacheJournal> {
    const { calls, journalKey, keyOf, guardMs } = this.#options;
    const all = [...changes].map(([key, seq]) => ({ key: keyOf(key), seq }));
    const position = Math.max(journal.position, settled);
    for (let from = 0; from === 0 || from < all.length; from += pushSize) {
      const part = all.slice(from, from + pushSize);
      const isLast = from + pushSize >= all.length;
      const options = { changes: part, position: isLast ? position : journal.position, guardMs };
      const push = async (client: Redis): Promise<boolean> => await pushChanges(client, journalKey, journal, options);
      let result = await calls.run(push);
      for (let retry = 1; retry <= pushRetriesMax && 'code' in result && result.code === noAnswer; retry++) {
        result = await calls.run(push);
      }
      if ('code' in result) this.#fail(result.code);
      if (!result.value) this.#fail('another-journal');
    }
    return { ...journal, position };
  }

  #fail(code: LeaveReason | (string & {})): never {
    throw new RedisError(code);
  }

  #codeOf(error: unknown): string {
    if (!(error instanceof RedisError)) return 'unexpected' satisfies LeaveReason;
    return this.#options.connection.isConnected || error.code === 'journal-unreadable' ? error.code : notConnected;
  }

  #retryMs(): number {
    return Math.min(retryMsMin * 2 ** Math.max(0, this.#failures - 1), retryMsMax);
  }

  #wake(): void {
    this.#isWoken = true;
    this.#wakeUp();
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isWoken || (this.#unpushed.size > 0 && this.#joined !== null)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeUp = resolve;
    const unschedule = this.#options.scheduler.schedule(ms, resolve);
    await promise;
    unschedule();
  }
}
