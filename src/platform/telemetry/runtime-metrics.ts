import { constants, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { type Aggregator, Gauge, Histogram, type Registry } from 'prom-client';

const gcKinds: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);
const gcBuckets = [0.001, 0.01, 0.1, 1, 2, 5];

const lagSampleMs = 10;

/**
 * Measures garbage collection and the lag of the event loop. Neither keeps the process alive.
 *
 * @returns a function that ends both
 */
export function recordRuntime(registry: Registry): () => void {
  const stopCollector = recordGarbageCollection(registry);
  const stopLag = recordEventLoopLag(registry);
  return () => {
    stopCollector();
    stopLag();
  };
}

function recordGarbageCollection(registry: Registry): () => void {
  const durations = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'How long garbage collections took, by kind.',
    labelNames: ['kind'],
    buckets: gcBuckets,
    registers: [registry],
  });
  for (const kind of gcKinds.values()) durations.zero({ kind });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = gcKinds.get(kindOf(entry));
      if (kind !== undefined) durations.observe({ kind }, entry.duration / 1_000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

/** The types of Node.js leave `detail` out of what observers are given. */
function kindOf(entry: PerformanceEntry): unknown {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
}

/** Of the time since the last scrape; whoever else scrapes takes a part of that time. */
function recordEventLoopLag(registry: Registry): () => void {
  const delays = monitorEventLoopDelay({ resolution: lagSampleMs });
  delays.enable();
  // What is measured is the time from one sample to the next, which the lag makes longer.
  const lag = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - lagSampleMs / 1_000);
  // Of several workers, the slowest shows; only the least and the mean are what their names say.
  const aggregators: Readonly<Record<string, Aggregator>> = { min: 'min', mean: 'average' };
  const readings: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['min', 'Least', () => lag(delays.min)],
    ['max', 'Greatest', () => lag(delays.max)],
    ['mean', 'Mean', () => lag(delays.mean)],
    ['stddev', 'Standard deviation of the', () => delays.stddev / 1e9],
    ['p50', 'Median', () => lag(delays.percentile(50))],
    ['p90', '90th percentile of the', () => lag(delays.percentile(90))],
    ['p99', '99th percentile of the', () => lag(delays.percentile(99))],
  ];

  const readAll = (): void => {
    if (delays.count === 0) return;
    for (const { gauge, read } of gauges) gauge.set(read());
    // It forgets the last sample, too: what holds up the loop right behind a scrape is not seen.
    delays.reset();
  };
  const gauges = readings.map(([name, help, read], index) => ({
    read,
    gauge: new Gauge({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `${help} lag of the event loop since the last scrape.`,
      registers: [registry],
      aggregator: aggregators[name] ?? 'max',
      // Collectors run in the order of registration: the first sets all, at one moment.
      ...(index === 0 ? { collect: readAll } : {}),
    }),
  }));
  return () => void delays.disable();
}
