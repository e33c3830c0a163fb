import { OutcomeWindow, windowSeconds } from './outcome-window.ts';
import type { RecentItems } from './recent-items.ts';
import { type Edge, type EdgePoint, edges, type HistoryPoint, type OutcomeCounts } from './resilience-snapshot.ts';

/** As many seconds as are remembered: five minutes. */
export const pointsMax = 300;

const emptyPoint = pointOf(() => new OutcomeWindow().point());

/**
 * Counts what happens on the edges, second by second. It has no timer: whoever comes first in a new second, to record or
 * to read, ends those before.
 */
export class Timeline {
  readonly #now: () => number;
  readonly #points: RecentItems<HistoryPoint>;
  readonly #startedAt: number;
  readonly #windows: Readonly<Record<Edge, OutcomeWindow>> = {
    clients: new OutcomeWindow(),
    database: new OutcomeWindow(),
    cache: new OutcomeWindow(),
    enrichment: new OutcomeWindow(),
  };
  #second: number;

  /** @param now milliseconds since 1970, on a clock that never goes back */
  constructor(points: RecentItems<HistoryPoint>, now: () => number) {
    this.#now = now;
    this.#points = points;
    this.#startedAt = now();
    this.#second = Math.floor(this.#startedAt / 1_000);
  }

  /** @param durationMs of a call that was made; null: none was, or nobody has measured it */
  record(edge: Edge, outcome: keyof OutcomeCounts, durationMs: number | null): void {
    this.#roll();
    this.#windows[edge].record(outcome, durationMs);
  }

  /** The whole seconds since a number of the sequence. */
  pointsSince(number: number): readonly HistoryPoint[] {
    this.#roll();
    return this.#points.since(number);
  }

  /** The second that goes on, and the nine before it. */
  recent(edge: Edge): EdgePoint {
    this.#roll();
    return this.#windows[edge].total();
  }

  /** How many seconds `recent` covers: between nine and ten, less in the beginning, one at least. */
  get recentSeconds(): number {
    const now = this.#now();
    const secondsBefore = windowSeconds - 1;
    const sinceSecond = now / 1_000 - Math.floor(now / 1_000);
    const sinceStart = (now - this.#startedAt) / 1_000;
    return Math.max(1, Math.min(secondsBefore + sinceSecond, sinceStart));
  }

  #roll(): void {
    const second = Math.floor(this.#now() / 1_000);
    if (second <= this.#second) return;
    this.#points.add({ at: this.#second * 1_000, edges: pointOf((edge) => this.#windows[edge].point()) });
    const emptyFrom = Math.max(this.#second + 1, second - pointsMax);
    for (let empty = emptyFrom; empty < second; empty += 1) {
      this.#points.add({ at: empty * 1_000, edges: emptyPoint });
    }
    const seconds = Math.min(second - this.#second, windowSeconds);
    for (let passed = 0; passed < seconds; passed += 1) for (const edge of edges) this.#windows[edge].advance();
    this.#second = second;
  }
}

function pointOf(read: (edge: Edge) => EdgePoint): HistoryPoint['edges'] {
  return {
    clients: read('clients'),
    database: read('database'),
    cache: read('cache'),
    enrichment: read('enrichment'),
  };
}
