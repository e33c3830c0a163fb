import { type Aggregator, Counter, Gauge, Registry } from 'prom-client';

export type { Registry };

/** What was built, for `service_build_info`. */
export interface BuildInfo {
  readonly service: string;
  readonly version: string;
  /** Of the sources; `unknown` when the build did not say. */
  readonly revision: string;
}

/**
 * A registry of the service's own, so that several services can run in one process. Who watches a stream of events
 * registers its metrics here, as `recordHttp` does.
 *
 * Every label has a bound that clients cannot move: no ids, no paths, no keys.
 * https://prometheus.io/docs/practices/naming/
 */
export function createMetrics({ service, version, revision }: BuildInfo): Registry {
  const registry = new Registry();
  new Gauge({
    name: 'service_build_info',
    help: 'What runs here, in its labels; always 1.',
    labelNames: ['service', 'version', 'node_version', 'revision'],
    aggregator: 'max',
    registers: [registry],
  }).set({ service, version, node_version: process.version, revision }, 1);
  return registry;
}

/** From one millisecond, for what a database answers, to ten seconds, beyond every deadline of the service. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface GaugeOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
  /** How those of several workers become one, unless by their sum. */
  readonly aggregator?: Aggregator;
}

/** A gauge that `read` sets whenever somebody scrapes, so that it is never older than the answer. */
export function gaugeOnScrape<Label extends string = never>(
  registry: Registry,
  options: GaugeOptions<Label>,
  read: (gauge: Gauge<Label>) => void,
): void {
  const gauge: Gauge<Label> = new Gauge<Label>({ ...options, registers: [], collect: () => read(gauge) });
  registry.registerMetric(gauge);
}

/** A counter whose series `read` gives whenever somebody scrapes, for what is counted too often to be told each time. */
export function counterOnScrape<Label extends string = never>(
  registry: Registry,
  options: { readonly name: string; readonly help: string; readonly labelNames?: readonly Label[] },
  read: () => readonly (readonly [labels: Partial<Record<Label, string>>, count: number])[],
): void {
  const counter: Counter<Label> = new Counter<Label>({
    ...options,
    registers: [],
    collect: () => {
      counter.reset();
      for (const [labels, count] of read()) counter.inc(labels, count);
    },
  });
  registry.registerMetric(counter);
}

/** Makes these series at zero: a rate over a series that begins with its first increment misses that one. */
export function startAtZero<Label extends string>(
  counter: Counter<Label>,
  series: readonly Partial<Record<Label, string>>[],
): void {
  for (const labels of series) counter.inc(labels, 0);
}
