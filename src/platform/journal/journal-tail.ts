import type { Scheduler } from '../scheduler.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Change, LoggedChange, PrimaryChangeFeed } from './change-feed.ts';
import { ChangeGaps } from './change-gaps.ts';
import { Heartbeat } from './heartbeat.ts';
import type { JournalEvent, SkipReason } from './journal-events.ts';
import { TimedFeed } from './timed-feed.ts';

const pollMs = 200;
const answerMsDefault = 500;
const batchSize = 1_000;
/** Who is further behind than this does not read change by change what it has missed. */
const behindMax = 10_000;
const gapMsDefault = 10_000;
const gapsMax = 4_096;
/** How many of the last numbers are looked at for gaps when following begins. */
const lookBack = 1_000;
/** A poll or two may fail without a word. */
const silenceMsMax = 2_000;

/**
 * Changes that have become visible; or it is not known which, and anything may have changed. `another-log`: as when the
 * server was replaced by one that lacks the last commits; the numbers of before mean nothing, or something else, there.
 */
export type JournalNews = readonly Change[] | 'everything' | 'another-log';

type Listener = (news: JournalNews) => void;

/**
 * Follows a log of changes, five times a second, gaps included: every change that becomes visible after following has
 * begun is told once. Never asks twice at once; asks on at the same pace after a failure.
 */
export class JournalTail {
  readonly #feed: TimedFeed;
  readonly #scheduler: Scheduler;
  readonly #events: EventStream<JournalEvent>;
  readonly #listeners = new Set<Listener>();
  readonly #gapRounds: number;
  readonly #gaps: ChangeGaps;
  readonly #heartbeat: Heartbeat;
  /** Of the last one that has come to the end of the log. */
  #roundBeganAt = Number.NEGATIVE_INFINITY;
  #position: number | undefined;
  /** The id of the change at the position, by which the log is known to be the same. */
  #idAtPosition: string | undefined;
  #skippedTo = 0;
  /** Rounds until all transactions should have ended whose numbers are not known. */
  #roundsUntilSure = 0;
  #lastContactAt: number;
  #isContactLost = false;
  #isStopped = true;
  #unschedule = (): void => {};
  #polling: Promise<void> = Promise.resolve();

  /**
   * @param options.events is told how it goes
   * @param options.gapMs how long a number that is missing is asked for before its transaction is: longer than most live
   * @param options.answerMs how long the feed takes at most by its own limits; half a second by default
   */
  constructor(
    feed: PrimaryChangeFeed,
    options: {
      readonly scheduler: Scheduler;
      readonly events: EventStream<JournalEvent>;
      readonly gapMs?: number;
      readonly answerMs?: number;
    },
  ) {
    const { scheduler, answerMs = answerMsDefault } = options;
    this.#feed = new TimedFeed(feed, { scheduler, answerMs });
    this.#scheduler = scheduler;
    this.#events = options.events;
    this.#gapRounds = Math.ceil((options.gapMs ?? gapMsDefault) / pollMs);
    this.#gaps = new ChangeGaps({ roundsMax: this.#gapRounds, numbersMax: gapsMax });
    this.#heartbeat = new Heartbeat(options.scheduler);
    this.#lastContactAt = options.scheduler.now();
  }

  /**
   * Whether what changes from now on will be told. Stays true while the log cannot be read: it is caught up with then. Not
   * after the process has stood still, while others went on, until the log was read to its end after that.
   */
  get isFollowing(): boolean {
    if (this.#isStopped || this.#position === undefined || this.#roundsUntilSure > 0) return false;
    return this.#heartbeat.isBeating && this.#roundBeganAt >= this.#heartbeat.resumedAt;
  }

  /** The greatest number that has been told of or passed over; 0 before following has begun. */
  get position(): number {
    return this.#position ?? 0;
  }

  /** All changes up to this number have been told of, or passed over for good; 0 before following has begun. */
  get settledPosition(): number {
    const gap = this.#gaps.lowest;
    return gap === undefined ? this.position : gap - 1;
  }

  /** Changes up to this number may have gone by without being told, as all those from before following has begun. */
  get skippedTo(): number {
    return this.#skippedTo;
  }

  /** How long ago the log was last read to its end; 0 before the start and after the end. */
  get silenceMs(): number {
    return this.#isStopped ? 0 : this.#scheduler.now() - this.#lastContactAt;
  }

  start(): void {
    this.#isStopped = false;
    this.#lastContactAt = this.#scheduler.now();
    this.#heartbeat.start();
    this.#poll();
  }

  /** Resolves when nothing is asked any more; for what has been asked, nobody waits. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#feed.giveUp();
    this.#heartbeat.stop();
    this.#unschedule();
    await this.#polling;
  }

  /**
   * Calls `listener`, which must not throw, with what changes from now on, in the order in which it becomes visible.
   *
   * @returns a function that ends it
   */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #poll(): void {
    this.#polling = this.#pollOnce();
  }

  async #pollOnce(): Promise<void> {
    const beganAt = this.#scheduler.now();
    try {
      await this.#read();
      this.#roundBeganAt = beganAt;
      this.#noteContact();
    } catch (error) {
      this.#noteFailure(error);
    }
    if (!this.#isStopped) this.#unschedule = this.#scheduler.schedule(pollMs, () => this.#poll());
  }

  async #read(): Promise<void> {
    if (this.#position === undefined) await this.#begin();
    let isAtEnd = false;
    while (!isAtEnd && !this.#isStopped) {
      const from = this.position;
      const gaps = this.#gaps.numbers;
      const changes = await this.#feed.after(Math.max(0, from - 1), { limit: batchSize + 1, gaps });
      if (this.#isStopped) return;
      if (!this.#isContinuedBy(changes)) return await this.#begin('journal-reset');
      this.#take(changes);
      isAtEnd = changes.filter(({ seq }) => seq > from).length < batchSize;
      const isFarBehind = !isAtEnd && (await this.#feed.latest()) - this.position > behindMax;
      if (isFarBehind) return await this.#begin('far-behind');
    }
    await this.#endRound();
  }

  /** Whether the change at the position is there, and the same one. Only its server could have lost it. */
  #isContinuedBy(changes: readonly LoggedChange[]): boolean {
    const { position } = this;
    return position === 0 || changes.some(({ seq, id }) => seq === position && id === this.#idAtPosition);
  }

  async #endRound(): Promise<void> {
    this.#gaps.endRound();
    if (this.#roundsUntilSure > 0) {
      this.#roundsUntilSure -= 1;
      // What has become visible meanwhile without being asked for.
      if (this.#roundsUntilSure === 0) {
        this.#skippedTo = this.position;
        this.#tell('everything');
      }
    }
    const { due } = this.#gaps;
    if (due.length > 0 && !(await this.#feed.hasUndecided(due))) this.#gaps.end(due);
  }

  /** Begins at the end of the log; anew, where reading change by change makes no sense. */
  async #begin(reason?: SkipReason): Promise<void> {
    const latest = await this.#feed.latest();
    const from = Math.max(0, latest - lookBack);
    const visible = await this.#feed.after(from, { limit: lookBack, gaps: [] });
    if (this.#isStopped) return;

    const before = this.position;
    this.#gaps.clear();
    this.#moveTo(from, undefined);
    for (const { seq, id } of visible.filter((change) => change.seq <= latest)) {
      this.#gaps.add(this.position, seq);
      this.#moveTo(seq, id);
    }
    this.#skippedTo = this.position;
    if (reason !== undefined) this.#skip(reason, Math.abs(this.position - before));
  }

  #moveTo(seq: number, id: string | undefined): void {
    this.#position = seq;
    this.#idAtPosition = id;
  }

  #take(changes: readonly LoggedChange[]): void {
    const fresh: Change[] = [];
    for (const change of changes) {
      const position = this.position;
      if (change.seq <= position) {
        if (this.#gaps.fill(change.seq)) fresh.push(change);
        continue;
      }
      if (!this.#gaps.add(position, change.seq)) this.#mistrust(change.seq - position - 1);
      this.#moveTo(change.seq, change.id);
      fresh.push(change);
    }
    if (fresh.length > 0) this.#tell(fresh);
  }

  /** More numbers are missing than are asked for: what they were given to is sure only when it has ended. */
  #mistrust(missing: number): void {
    const isNew = this.#roundsUntilSure === 0;
    this.#roundsUntilSure = this.#gapRounds;
    if (isNew) this.#skip('many-gaps', missing);
  }

  #skip(reason: SkipReason, changes: number): void {
    this.#events.emit({ type: 'skipped', reason, changes });
    this.#tell(reason === 'journal-reset' ? 'another-log' : 'everything');
  }

  #tell(news: JournalNews): void {
    for (const listener of this.#listeners) listener(news);
  }

  #noteContact(): void {
    const { silenceMs } = this;
    this.#lastContactAt = this.#scheduler.now();
    if (this.#isContactLost) this.#events.emit({ type: 'contact-regained', silenceMs });
    this.#isContactLost = false;
  }

  #noteFailure(error: unknown): void {
    if (this.#isStopped || this.#isContactLost || this.silenceMs < silenceMsMax) return;
    this.#isContactLost = true;
    this.#events.emit({ type: 'contact-lost', error });
  }
}
