import { KnownChanges } from '../../../src/platform/database/known-changes.ts';
import type { ReplicaEvent } from '../../../src/platform/database/replica-events.ts';
import { createReplicaReader } from '../../../src/platform/database/replica-reader.ts';
import { Replica } from '../../../src/platform/database/replica.ts';
import { JournalTail } from '../../../src/platform/journal/journal-tail.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';
import { ModelServer, readerOf, type Shown, showing } from './model-servers.ts';

export const lagMsMax = 1_000;
export const keys = ['a', 'b', 'c', 'd'] as const;
type Key = (typeof keys)[number];

/** One thing that happens. Replicas are 0 and 1. */
export type Step =
  | { readonly do: 'write'; readonly key: Key; readonly by: 'us' | 'others' }
  /** Takes a number, and is committed by a later step of this kind. */
  | { readonly do: 'slow-write'; readonly key: Key }
  | { readonly do: 'replicate'; readonly replica: 0 | 1; readonly changes: number }
  | { readonly do: 'catch-up' }
  | { readonly do: 'go-away'; readonly server: 'primary' | 0 | 1; readonly ms: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'read'; readonly keys: readonly Key[] | 'all' };

export interface ModelOutcome {
  readonly reads: number;
  readonly fromReplicas: number;
  readonly violations: readonly string[];
}

/** A slow write of another process holds its key, as a row lock does. */
interface SlowWrite {
  readonly seq: number;
  readonly key: Key;
}

/** How late the journal may tell of a change, and a state that has been found out be used: polls and their answers. */
const slackMs = 800;

/** The routing of one process over a primary and two replicas, step by step, and what its reads have missed. */
export class ReplicaModel {
  readonly #time = new VirtualTime();
  readonly #primary = new ModelServer(this.#time);
  readonly #servers = [new ModelServer(this.#time), new ModelServer(this.#time)] as const;
  readonly #events = new EventStream<ReplicaEvent>((error) => {
    throw error;
  });
  readonly #tail = new JournalTail(this.#primary, {
    scheduler: this.#time,
    events: new EventStream((error) => {
      throw error;
    }),
  });
  readonly #replicas = this.#servers.map(
    (server, index) =>
      new Replica({
        number: index + 1,
        reader: readerOf(server),
        feed: server,
        probe: () => Promise.resolve(),
        lagMsMax,
        tail: this.#tail,
        scheduler: this.#time,
        events: this.#events,
      }),
  );
  readonly #knownChanges = new KnownChanges({
    replicas: this.#replicas,
    tail: this.#tail,
    scheduler: this.#time,
    doubtMs: lagMsMax,
  });
  readonly #reader = createReplicaReader({
    primary: readerOf(this.#primary),
    replicas: this.#replicas,
    knownChanges: this.#knownChanges,
    budgetMs: 60_000,
    events: this.#events,
  });
  readonly #committedAt = new Map<number, number>();
  readonly #own = new Map<number, Key>();
  readonly #told = new Map<Key, number>();
  readonly #violations: string[] = [];
  readonly #pending: Promise<void>[] = [];
  #slow: SlowWrite | undefined;
  #seq = 0;
  #primaryBackAt = Number.NEGATIVE_INFINITY;
  #reads = 0;
  #fromReplicas = 0;

  async run(steps: readonly Step[]): Promise<ModelOutcome> {
    this.#events.subscribe((event) => {
      if (event.type === 'read' && event.outcome === 'success') this.#fromReplicas += 1;
    });
    this.#tail.subscribe((news) => {
      if (typeof news === 'string') return;
      for (const { key, seq } of news) this.#told.set(key as Key, Math.max(seq, this.#told.get(key as Key) ?? 0));
    });
    // From before, and not yet on the replicas.
    for (const key of keys) this.#commit(key, (this.#seq += 1), this.#time.now() - 60_000);
    this.#tail.start();
    for (const replica of this.#replicas) replica.start();
    await this.#time.pass(500);
    for (const step of steps) await this.#take(step);
    await this.#time.pass(5_000);
    await Promise.all(this.#pending);
    const stopping = [this.#tail.stop(), ...this.#replicas.map((replica) => replica.stop())];
    await this.#time.pass(2_000);
    await Promise.all(stopping);
    return { reads: this.#reads, fromReplicas: this.#fromReplicas, violations: this.#violations };
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'write':
        return this.#write(step.key, step.by === 'us');
      case 'slow-write':
        return this.#writeSlowly(step.key);
      case 'replicate':
        return this.#replicate(step.replica, step.changes);
      case 'catch-up':
        for (const replica of [0, 1] as const) this.#replicate(replica, Number.POSITIVE_INFINITY);
        return await this.#time.pass(300);
      case 'go-away':
        if (step.server === 'primary') this.#primaryBackAt = this.#time.now() + step.ms;
        return (step.server === 'primary' ? this.#primary : this.#servers[step.server]).goAway(step.ms);
      case 'pass':
        return await this.#time.pass(step.ms);
      case 'read':
        this.#pending.push(this.#read(step.keys));
        return undefined;
      default:
        return step satisfies never;
    }
  }

  #write(key: Key, isOwn: boolean): void {
    if (this.#primary.isAway || this.#slow?.key === key) return;
    this.#seq += 1;
    this.#commit(key, this.#seq);
    if (!isOwn) return;
    this.#own.set(this.#seq, key);
    this.#knownChanges.written({ key, seq: this.#seq });
  }

  #writeSlowly(key: Key): void {
    if (this.#primary.isAway) return;
    if (this.#slow === undefined) {
      this.#seq += 1;
      this.#slow = { key, seq: this.#seq };
      this.#primary.undecided.add(this.#seq);
    } else {
      this.#commit(this.#slow.key, this.#slow.seq);
      this.#primary.undecided.delete(this.#slow.seq);
      this.#slow = undefined;
    }
  }

  #commit(key: Key, seq: number, at = this.#time.now()): void {
    this.#primary.commits.push({ key, seq });
    this.#committedAt.set(seq, at);
  }

  #replicate(replica: 0 | 1, changes: number): void {
    const { commits } = this.#servers[replica];
    commits.push(...this.#primary.commits.slice(commits.length, commits.length + changes));
  }

  async #read(of: readonly Key[] | 'all'): Promise<void> {
    const startedAt = this.#time.now();
    const asked = of === 'all' ? keys : of;
    const least = Object.fromEntries(asked.map((key) => [key, this.#leastSeq(key, of === 'all', startedAt)]));
    this.#reads += 1;
    const wasAway = this.#primary.isAway;
    try {
      const shown = await this.#reader.read(showing(asked), { keys: of === 'all' ? 'any' : of });
      this.#compare(shown, least, of);
    } catch {
      if (!wasAway && !this.#primary.isAway && this.#primaryBackAt < startedAt) {
        this.#violations.push(`read ${String(of)} failed with a primary that was there`);
      }
    }
  }

  /** What a read that begins now must show of a key at least. */
  #leastSeq(key: Key, inList: boolean, now: number): number {
    const own = [...this.#own].filter(([seq, of]) => of === key && (!inList || this.#isWithinBound(seq, now)));
    const known = inList ? [] : [this.#told.get(key) ?? 0];
    // Of others' changes that it was not told of, when the primary could have told.
    const heard = this.#primaryBackAt + 2 * slackMs < now && this.#tail.isFollowing;
    const old = heard
      ? this.#primary.commits.filter(
          (change) => change.key === key && now - (this.#committedAt.get(change.seq) ?? now) > lagMsMax + slackMs,
        )
      : [];
    return Math.max(0, ...own.map(([seq]) => seq), ...known, ...old.map(({ seq }) => seq));
  }

  #isWithinBound(seq: number, now: number): boolean {
    return now - (this.#committedAt.get(seq) ?? now) <= lagMsMax;
  }

  #compare(shown: Shown, least: Shown, of: readonly Key[] | 'all'): void {
    for (const [key, seq] of Object.entries(least)) {
      if ((shown[key] ?? 0) >= seq) continue;
      this.#violations.push(`read ${String(of)} shows ${key} at ${shown[key]}, not at ${seq}`);
    }
  }
}
