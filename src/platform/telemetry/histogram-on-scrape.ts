import { Histogram, type Registry } from 'prom-client';

/** Observed values, such as durations in seconds, counted by bucket in plain numbers. */
export class BucketCounts {
  readonly #bounds: readonly number[];
  /** By bound: how many were more than the bound before, and not more than this one. Those of the last have no bound. */
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds upper bounds in ascending order */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** By bound, as Prometheus wants them: how many were not more than it. The last bound is `+Inf`. */
  cumulative(): (readonly [bound: number | '+Inf', count: number])[] {
    let count = 0;
    return this.#counts.map((each, bucket) => [this.#bounds[bucket] ?? '+Inf', (count += each)]);
  }
}

/**
 * A histogram of what is counted elsewhere, of which `series` gives all that there are whenever somebody scrapes.
 *
 * prom-client's own looks up its series by their labels at every observation, which for a short request costs as much as
 * all else that is told about it.
 */
export function histogramOnScrape<Label extends string>(
  registry: Registry,
  options: HistogramOptions<Label>,
  series: () => Iterable<Series<Label>>,
): void {
  registry.registerMetric(new HistogramOnScrape(options, series));
}

interface HistogramOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly buckets: readonly number[];
}

type Series<Label extends string> = readonly [labels: Record<Label, string>, counts: BucketCounts];

/** prom-client has no way to add to a histogram what has been counted already, so its form is given here. */
class HistogramOnScrape<Label extends string> extends Histogram<Label> {
  /** One without series, for all else that prom-client says of a histogram. */
  readonly #empty: Histogram<Label>;
  readonly #name: string;
  readonly #series: () => Iterable<Series<Label>>;

  constructor(options: HistogramOptions<Label>, series: () => Iterable<Series<Label>>) {
    const configuration = { ...options, buckets: [...options.buckets], registers: [] };
    super(configuration);
    this.#empty = new Histogram(configuration);
    this.#name = options.name;
    this.#series = series;
  }

  override async get(): ReturnType<Histogram<Label>['get']> {
    const values = [];
    for (const [labels, counts] of this.#series()) {
      const buckets = counts.cumulative();
      for (const [le, value] of buckets) {
        values.push({ metricName: `${this.#name}_bucket`, labels: { le, ...labels }, value });
      }
      values.push({ metricName: `${this.#name}_sum`, labels, value: counts.sum });
      values.push({ metricName: `${this.#name}_count`, labels, value: buckets.at(-1)?.[1] ?? 0 });
    }
    return { ...(await this.#empty.get()), values };
  }

  /** What the registry asks for the text of a scrape, of metrics that have it. */
  async getForPromString(): ReturnType<Histogram<Label>['get']> {
    return await this.get();
  }
}
