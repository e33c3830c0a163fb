import { isRecord } from '../is-record.ts';

/** One metric with its series, as prom-client's `getMetricsAsJSON` gives it. */
export interface MetricFigures {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How the figures of several processes become one. */
  readonly aggregator: string;
  readonly values: readonly MetricValue[];
}

export interface MetricValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Of a histogram's series, such as `…_bucket`. */
  readonly metricName?: string;
}

/**
 * What a supervisor says to a worker in its environment, because a message would come too late: whether it takes over
 * from one that serves, `true` or `false`. Where one of the two sides does not know of it, the worker listens at once.
 */
export const successorVariable = 'WORKER_IS_SUCCESSOR';

/**
 * What a supervisor says to its workers.
 *
 * After a restart of the workers the two sides are of different versions: a message that is not known is passed over,
 * and those that are here keep their meaning.
 */
export type Order =
  /** End in good order. `isReplaced`: others keep the port, so that the instance as a whole goes on. */
  | { readonly type: 'stop'; readonly reason: string; readonly isReplaced: boolean }
  | { readonly type: 'tell-metrics' }
  /** The answer to `scrape` with the same number; null when there is none. */
  | { readonly type: 'scraped'; readonly scrape: number; readonly text: string | null };

/** What a worker says to its supervisor. */
export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'metrics'; readonly metrics: readonly MetricFigures[] }
  | { readonly type: 'scrape'; readonly scrape: number };

/** What has come through the channel, unless it is nothing that is known. */
export function readOrder(message: unknown): Order | null {
  if (!isRecord(message)) return null;
  const { type, reason, isReplaced, scrape, text } = message;
  if (type === 'stop' && typeof reason === 'string') return { type, reason, isReplaced: isReplaced === true };
  if (type === 'tell-metrics') return { type };
  if (type !== 'scraped' || typeof scrape !== 'number') return null;
  return { type, scrape, text: typeof text === 'string' ? text : null };
}

/** What has come through the channel, unless it is nothing that is known. */
export function readReport(message: unknown): Report | null {
  if (!isRecord(message)) return null;
  const { type, metrics, scrape } = message;
  if (type === 'ready') return { type };
  if (type === 'metrics') return { type, metrics: readFigures(metrics) };
  return type === 'scrape' && typeof scrape === 'number' ? { type, scrape } : null;
}

/** What of a list are metrics: one that came through the channel, or from prom-client, whose types are not true of it. */
export function readFigures(list: unknown): readonly MetricFigures[] {
  return Array.isArray(list) ? list.filter(isMetric) : [];
}

function isMetric(value: unknown): value is MetricFigures {
  if (!isRecord(value)) return false;
  const { name, help, type, aggregator, values } = value;
  return [name, help, type, aggregator].every((text) => typeof text === 'string') && Array.isArray(values);
}
