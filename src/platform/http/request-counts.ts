import { BucketCounts } from '../telemetry/histogram-on-scrape.ts';
import { knownMethods } from './known-methods.ts';
import { unmatched } from './request-context.ts';

type Count<Labels> = readonly [labels: Labels, count: number];

interface RouteLabels {
  readonly method: string;
  readonly route: string;
}

interface StatusCount {
  readonly labels: RouteLabels & { readonly status: string };
  count: number;
}

/** What is counted of one method of one route. */
interface Row {
  readonly labels: RouteLabels;
  readonly byStatus: Map<number, StatusCount>;
  /** Null until one was measured: a histogram of nothing but zeros would be noise. */
  durations: BucketCounts | null;
  abandoned: number;
}

/**
 * How many requests there were, in plain numbers, which are given labels when somebody asks: two look-ups for each
 * request. Methods that nobody knows count as one, `OTHER`.
 */
export class RequestCounts {
  readonly #bounds: readonly number[];
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #problems = new Map<string, number>();
  #inFlight = 0;

  /** @param bounds of the buckets of durations, in seconds */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  started(): void {
    this.#inFlight += 1;
  }

  ended(): void {
    this.#inFlight -= 1;
  }

  abandoned(method: string, route: string): void {
    this.#rowOf(method, route).abandoned += 1;
  }

  answered(method: string, route: string, status: number, code: string | undefined, durationSeconds: number): void {
    const row = this.#rowOf(method, route);
    countStatus(row, status);
    (row.durations ??= new BucketCounts(this.#bounds)).observe(durationSeconds);
    if (code !== undefined) this.#countProblem(code);
  }

  /** It was answered for as long as somebody listened. */
  streamed(method: string, route: string, status: number): void {
    countStatus(this.#rowOf(method, route), status);
  }

  /** It was answered before anybody had looked at it. */
  answeredUnseen(method: string, status: number, code: string): void {
    countStatus(this.#rowOf(method, unmatched), status);
    this.#countProblem(code);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  byStatus(): Count<StatusCount['labels']>[] {
    return this.#all().flatMap(({ byStatus }) =>
      Array.from(byStatus.values(), ({ labels, count }) => [labels, count] as const),
    );
  }

  durations(): (readonly [labels: RouteLabels, durations: BucketCounts])[] {
    return this.#all().flatMap(({ labels, durations }) => (durations === null ? [] : [[labels, durations] as const]));
  }

  abandonments(): Count<RouteLabels>[] {
    return this.#all().flatMap(({ labels, abandoned }) => (abandoned === 0 ? [] : [[labels, abandoned] as const]));
  }

  problems(): Count<{ readonly code: string }>[] {
    return [...this.#problems].map(([code, count]) => [{ code }, count] as const);
  }

  #countProblem(code: string): void {
    this.#problems.set(code, (this.#problems.get(code) ?? 0) + 1);
  }

  #all(): Row[] {
    return [...this.#rows.values()].flatMap((rows) => Array.from(rows.values()));
  }

  #rowOf(method: string, route: string): Row {
    let rows = this.#rows.get(route);
    if (rows === undefined) this.#rows.set(route, (rows = new Map()));
    const label = knownMethods.has(method) ? method : 'OTHER';
    let row = rows.get(label);
    if (row === undefined) {
      row = { labels: { method: label, route }, byStatus: new Map(), durations: null, abandoned: 0 };
      rows.set(label, row);
    }
    return row;
  }
}

function countStatus({ labels, byStatus }: Row, status: number): void {
  const counted = byStatus.get(status);
  if (counted === undefined) byStatus.set(status, { labels: { ...labels, status: String(status) }, count: 1 });
  else counted.count += 1;
}
