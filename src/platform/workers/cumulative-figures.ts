import type { MetricFigures, MetricValue } from './messages.ts';

/** What a metric of these types shows has happened since the start, and stays true when the process is gone. */
const cumulativeTypes: ReadonlySet<string> = new Set(['counter', 'histogram', 'summary']);

/** Those of the figures that only grow. */
export function cumulativeOf(metrics: readonly MetricFigures[]): readonly MetricFigures[] {
  return metrics.filter(({ type }) => cumulativeTypes.has(type));
}

interface Total {
  readonly metric: MetricFigures;
  readonly values: Map<string, MetricValue>;
}

/** The sums of what processes have counted that are no more, so that the sums of all never fall. */
export class CumulativeFigures {
  readonly #totals = new Map<string, Total>();

  add(metrics: readonly MetricFigures[]): void {
    for (const metric of cumulativeOf(metrics)) {
      const total = this.#totals.get(metric.name) ?? { metric, values: new Map() };
      this.#totals.set(metric.name, total);
      for (const each of metric.values) {
        const key = keyOf(each);
        total.values.set(key, { ...each, value: each.value + (total.values.get(key)?.value ?? 0) });
      }
    }
  }

  get metrics(): readonly MetricFigures[] {
    return Array.from(this.#totals.values(), ({ metric, values }) => ({ ...metric, values: [...values.values()] }));
  }
}

function keyOf({ metricName, labels }: MetricValue): string {
  return JSON.stringify([metricName, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
