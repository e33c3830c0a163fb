import type { Change, ChangeFeed } from '../journal/change-feed.ts';
import type { JournalTail } from '../journal/journal-tail.ts';
import type { Scheduler } from '../scheduler.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { DatabaseOverloadedError, DatabaseUnavailableError } from './database-errors.ts';
import type { DatabaseReader, ReadScope } from './database-reader.ts';
import type { ReplicaEvent, ReplicaState } from './replica-events.ts';
import { ReplicaProgress } from './replica-progress.ts';

const pollMs = 200;
const batchSize = 1_000;
/** After a read that failed: one whose log can be read need not be able to answer. */
const restMs = 2_000;
/** In one poll; the next one goes on. */
const batchesMax = 10;
/** Of the greatest lag: whoever comes back into the rotation shall not leave it again at once. */
const rejoinShare = 0.5;

export interface ReplicaOptions {
  /** From 1, as configured. */
  readonly number: number;
  readonly reader: DatabaseReader;
  /** The log of changes, as far as the replica has it. */
  readonly feed: ChangeFeed;
  /** Rejects when the replica has not the schema, or not the state, that queries need. */
  readonly probe: () => Promise<void>;
  readonly lagMsMax: number;
  /** Follows the primary's log. */
  readonly tail: Pick<JournalTail, 'isFollowing' | 'position' | 'silenceMs'>;
  readonly scheduler: Scheduler;
  readonly events: EventStream<ReplicaEvent>;
}

/**
 * One replica: in the rotation while it answers and keeps up, out of it until it does so again.
 *
 * It is asked five times a second for the changes that it has not shown yet. That a change is in its log says that all
 * the writer's transaction is there.
 */
export class Replica {
  readonly number: number;
  readonly reader: DatabaseReader;
  readonly #options: ReplicaOptions;
  readonly #progress: ReplicaProgress;
  #state: ReplicaState = 'joining';
  #hasToBeProbed = true;
  #knowsWhereToBegin = false;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #nextBatchBehind: number | undefined;
  #isStopped = true;
  #unschedule = (): void => {};
  #polling: Promise<void> = Promise.resolve();

  constructor(options: ReplicaOptions) {
    this.number = options.number;
    this.reader = options.reader;
    this.#options = options;
    this.#progress = new ReplicaProgress({ lagMsMax: options.lagMsMax, now: () => options.scheduler.now() });
  }

  get state(): ReplicaState {
    return this.#state === 'in-rotation' && !this.#keepsUp(this.#options.lagMsMax) ? 'lagging' : this.#state;
  }

  /** How long the oldest change that it has not shown has been known. */
  get lagMs(): number {
    const { scheduler, tail } = this.#options;
    return this.#progress.lagMs(scheduler.now() - tail.silenceMs);
  }

  /** Whether it has all that a read must not miss; asked of one in rotation. */
  hasAll(scope: ReadScope): boolean {
    return this.#progress.hasAll(scope);
  }

  /** Something was changed on the primary, by this process (`isOwn`) or by another. */
  awaitChange(change: Change, isOwn: boolean): void {
    this.#progress.awaitChange(change, isOwn);
  }

  /** It is not known what was changed up to this number. */
  awaitAllUpTo(seq: number): void {
    this.#knowsWhereToBegin = true;
    this.#progress.awaitAllUpTo(seq);
  }

  /** A read has failed on it. */
  noteFailure(error: unknown): void {
    if (error instanceof DatabaseOverloadedError) return;
    this.#hasToBeProbed = true;
    // Whatever else it says shows that it is there, and maybe not with what is needed.
    if (!(error instanceof DatabaseUnavailableError)) return;
    this.#restsUntil = this.#options.scheduler.now() + restMs;
    this.#leave('failing', error);
  }

  start(): void {
    this.#isStopped = false;
    this.#polling = this.#poll();
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unschedule();
    await this.#polling;
  }

  async #poll(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#leave('failing', error);
    }
    if (this.#isStopped) return;
    this.#unschedule = this.#options.scheduler.schedule(pollMs, () => {
      this.#polling = this.#poll();
    });
  }

  async #look(): Promise<void> {
    const { tail, probe } = this.#options;
    if (!this.#knowsWhereToBegin && tail.isFollowing) {
      this.#knowsWhereToBegin = true;
      this.#progress.awaitAllUpTo(tail.position);
    }
    if (this.#hasToBeProbed) await probe();
    // A failure that comes from here on has it probed once more.
    this.#hasToBeProbed = false;
    this.#progress.reach(await this.#options.feed.latest());
    await this.#lookForAwaited();
    if (this.#isStopped || this.#hasToBeProbed || this.#options.scheduler.now() < this.#restsUntil) return;
    if (this.#state === 'in-rotation') {
      if (!this.#keepsUp(this.#options.lagMsMax)) this.#leave('lagging');
    } else if (this.#keepsUp(this.#options.lagMsMax * rejoinShare)) {
      this.#join();
    } else if (this.#state === 'failing') {
      this.#state = 'lagging';
    }
  }

  async #lookForAwaited(): Promise<void> {
    for (let batch = 0; batch < batchesMax && !this.#isStopped; batch++) {
      const first = this.#progress.firstAwaited;
      if (first === undefined) return;
      const behind = this.#nextBatchBehind ?? first - 1;
      const changes = await this.#options.feed.after(behind, { limit: batchSize, gaps: [] });
      for (const { seq } of changes) this.#progress.see(seq);
      this.#nextBatchBehind = changes.length < batchSize ? undefined : changes.at(-1)?.seq;
      if (this.#nextBatchBehind === undefined) return;
    }
  }

  #keepsUp(lagMsMax: number): boolean {
    return this.#options.tail.isFollowing && this.#progress.hasBegun && this.lagMs <= lagMsMax;
  }

  #join(): void {
    this.#state = 'in-rotation';
    this.#options.events.emit({ type: 'joined', replica: this.number });
  }

  #leave(reason: 'lagging' | 'failing', error?: unknown): void {
    if (this.#isStopped) return;
    this.#hasToBeProbed ||= reason === 'failing';
    const isNews = this.#state === 'in-rotation' || (this.#state === 'joining' && reason === 'failing');
    this.#state = reason;
    if (isNews) this.#options.events.emit({ type: 'left', replica: this.number, reason, error });
  }
}
