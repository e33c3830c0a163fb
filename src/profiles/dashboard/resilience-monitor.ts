import type { OperatedBreaker } from '../../platform/resilience/operated-breaker.ts';
import { callsOf, errorShareOf, healthOf, unusedEdge } from './edge-health.ts';
import type { RecentItems, Sequence } from './recent-items.ts';
import type {
  BreakerChange,
  BreakerName,
  BreakerSnapshot,
  Edge,
  EdgeFigures,
  OutcomeCounts,
  ResilienceSnapshot,
  TappedCall,
} from './resilience-snapshot.ts';
import type { Timeline } from './timeline.ts';

/** Knows how the service and what it depends on have been for the last five minutes. */
export interface ResilienceMonitor {
  /**
   * How all is now.
   *
   * @param since the id of a snapshot: only points and calls that have come after it. All of them when this process has
   *   made no such snapshot
   */
  snapshot(since?: number): ResilienceSnapshot;
  /** Calls `listener`, which must not throw, after each change of a breaker, until the returned function is called. */
  onBreakerChange(listener: () => void): () => void;
}

export type BreakerAction = 'open' | 'close' | 'reset';

export interface BreakerControl {
  /** @returns how the breaker is then; null: there is no such breaker */
  control(name: BreakerName, action: BreakerAction, by: string): BreakerSnapshot | null;
}

/** What a snapshot says of the process, whenever it is made. */
export type Identity = Pick<ResilienceSnapshot, 'service' | 'version' | 'worker' | 'controls'>;

export interface MonitorParts {
  readonly identity: Identity;
  readonly sequence: Sequence;
  readonly timeline: Timeline;
  readonly calls: RecentItems<TappedCall>;
  readonly changes: ReadonlyMap<BreakerName, RecentItems<BreakerChange>>;
  /** Of those dependencies that there are, in the order in which they are shown. */
  readonly breakers: ReadonlyMap<BreakerName, OperatedBreaker>;
  /** Milliseconds since 1970, on a clock that never goes back. */
  readonly now: () => number;
}

/** The monitor that is told by the events of the service's streams. */
export class RecordedResilienceMonitor implements ResilienceMonitor, BreakerControl {
  readonly #parts: MonitorParts;
  readonly #startedAt: number;
  readonly #listeners = new Set<{ readonly notify: () => void }>();

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  snapshot(since = 0): ResilienceSnapshot {
    const { identity, sequence, timeline, calls, changes, breakers, now } = this.#parts;
    const at = now();
    // Read before the id is taken: what comes later has a greater number.
    const points = timeline.pointsSince(since);
    const callsSince = calls.since(since);
    return {
      id: sequence.next(),
      at: Math.round(at),
      ...identity,
      uptimeSeconds: Math.floor((at - this.#startedAt) / 1_000),
      edges: {
        clients: this.#figuresOf('clients'),
        database: this.#figuresOf('database'),
        cache: this.#figuresOf('cache'),
        enrichment: this.#figuresOf('enrichment'),
      },
      breakers: Array.from(breakers, ([name, breaker]) => this.#snapshotOf(name, breaker)),
      changes: [...changes.values()].flatMap((each) => each.since(0)).toSorted((one, other) => one.at - other.at),
      points,
      calls: callsSince,
    };
  }

  onBreakerChange(listener: () => void): () => void {
    const subscription = { notify: listener };
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  /** Notes that a breaker has changed. */
  changed(change: BreakerChange): void {
    this.#parts.changes.get(change.breaker)?.add(change);
    for (const { notify } of this.#listeners) notify();
  }

  control(name: BreakerName, action: BreakerAction, by: string): BreakerSnapshot | null {
    const breaker = this.#parts.breakers.get(name);
    if (breaker === undefined) return null;
    if (action === 'open') breaker.forceOpen(by);
    else breaker[action](by);
    return this.#snapshotOf(name, breaker);
  }

  #figuresOf(edge: Edge): EdgeFigures {
    const { timeline, breakers } = this.#parts;
    const breaker = edge === 'clients' ? null : breakers.get(edge);
    if (breaker === undefined) return unusedEdge;
    const recent = timeline.recent(edge);
    return {
      ...recent,
      health: healthOf(recent, breaker?.state ?? null),
      perSecond: Math.round((callsOf(recent) / timeline.recentSeconds) * 100) / 100,
      errorShare: errorShareOf(recent),
      isUsed: true,
    };
  }

  #snapshotOf(name: BreakerName, breaker: OperatedBreaker): BreakerSnapshot {
    const { state, isForced, limits } = breaker;
    const counts = countsOf(this.#parts.timeline.recent(name));
    return { name, state, isForced, ...breaker.figures(), limits, counts };
  }
}

function countsOf({ success, failure, timeout, shortCircuited, rejected, fallback }: OutcomeCounts): OutcomeCounts {
  return { success, failure, timeout, shortCircuited, rejected, fallback };
}
