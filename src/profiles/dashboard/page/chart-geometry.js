import { HISTORY_SECONDS } from './snapshot-history.js';

/** @import { Edge, EdgePoint, HistoryPoint } from '../resilience-snapshot.ts' */

/**
 * @typedef {object} Frame
 * @property {number} width of the plot, in pixels
 * @property {number} height
 * @property {number} endAt when the last second shown ends: milliseconds since 1970
 */

/** How a call can end, from the bottom of the stack upwards. `fallback` is none: it says what was done about it. */
export const OUTCOMES = /** @type {const} */ (['success', 'failure', 'timeout', 'shortCircuited', 'rejected']);
export const PERCENTILES = /** @type {const} */ (['p50Ms', 'p95Ms', 'p99Ms']);

/** The scale of latencies is logarithmic and always the same, so that a jump looks like one. */
export const LATENCY_MS_MIN = 0.1;
export const LATENCY_MS_MAX = 10_000;

/**
 * @param {number} at milliseconds since 1970
 * @param {Frame} frame
 */
export function xOf(at, { width, endAt }) {
  return round(width - ((endAt - at) / (HISTORY_SECONDS * 1000)) * width);
}

/**
 * @param {number} milliseconds
 * @param {Frame} frame
 */
export function latencyY(milliseconds, { height }) {
  const bounded = Math.min(LATENCY_MS_MAX, Math.max(LATENCY_MS_MIN, milliseconds));
  return round(height * (1 - Math.log(bounded / LATENCY_MS_MIN) / Math.log(LATENCY_MS_MAX / LATENCY_MS_MIN)));
}

/**
 * The top of a scale: the next of 5, 10, 25, 50, 100, 250 …
 *
 * @param {number} highest
 */
export function roundTop(highest) {
  let top = 5;
  for (let step = 0; top < highest; step += 1) top *= step % 3 === 1 ? 2.5 : 2;
  return top;
}

/**
 * The stacked outcomes of each second, one path for each outcome.
 *
 * @param {readonly HistoryPoint[]} points
 * @param {Edge} edge
 * @param {Frame} frame
 */
export function stackOutcomes(points, edge, frame) {
  const top = roundTop(Math.max(0, ...points.map(({ edges }) => total(edges[edge]))));
  const barWidth = round(Math.max(1, frame.width / HISTORY_SECONDS + 0.25));
  /** @type {Record<(typeof OUTCOMES)[number], string>} */
  const paths = { success: '', failure: '', timeout: '', shortCircuited: '', rejected: '' };
  for (const { at, edges } of points) {
    let y = frame.height;
    for (const outcome of OUTCOMES) {
      const height = (edges[edge][outcome] / top) * frame.height;
      if (height === 0) continue;
      paths[outcome] += `M${xOf(at, frame)} ${round(y)}h${barWidth}v${round(-height)}h${-barWidth}z`;
      y -= height;
    }
  }
  const fallback = line(points, frame, ({ edges }) =>
    edges[edge].fallback === 0 ? null : frame.height * (1 - Math.min(1, edges[edge].fallback / top)),
  );
  return { top, paths, fallback };
}

/**
 * One path for each percentile, with gaps where there were no calls.
 *
 * @param {readonly HistoryPoint[]} points
 * @param {Edge} edge
 * @param {Frame} frame
 */
export function traceLatencies(points, edge, frame) {
  /** @param {(typeof PERCENTILES)[number]} percentile */
  const trace = (percentile) =>
    line(points, frame, ({ edges }) => {
      const milliseconds = edges[edge][percentile];
      return milliseconds === null ? null : latencyY(milliseconds, frame);
    });
  return { p50Ms: trace('p50Ms'), p95Ms: trace('p95Ms'), p99Ms: trace('p99Ms') };
}

/**
 * Each second is a step as wide as it lasts: a single one between two gaps is seen, too.
 *
 * @param {readonly HistoryPoint[]} points
 * @param {Frame} frame
 * @param {(point: HistoryPoint) => number | null} yOf
 */
function line(points, frame, yOf) {
  let path = '';
  let lastAt = -Infinity;
  for (const point of points) {
    const y = yOf(point);
    if (y === null) continue;
    path += `${point.at - lastAt > 1000 ? 'M' : 'L'}${xOf(point.at, frame)} ${round(y)}H${xOf(point.at + 1000, frame)}`;
    lastAt = point.at;
  }
  return path;
}

/**
 * The text alternative of the chart: sums of ten seconds, newest first, with the highest latencies in them.
 *
 * @param {readonly HistoryPoint[]} points
 * @param {Edge} edge
 */
export function tableRows(points, edge) {
  /** @type {Map<number, EdgePoint>} */
  const rows = new Map();
  for (const { at, edges } of points) {
    const from = Math.floor(at / 10_000) * 10_000;
    const sum = rows.get(from);
    rows.set(from, sum === undefined ? edges[edge] : add(sum, edges[edge]));
  }
  return [...rows].map(([at, row]) => ({ at, row })).toReversed();
}

/**
 * @param {EdgePoint} one
 * @param {EdgePoint} other
 * @returns {EdgePoint}
 */
function add(one, other) {
  return {
    success: one.success + other.success,
    failure: one.failure + other.failure,
    timeout: one.timeout + other.timeout,
    shortCircuited: one.shortCircuited + other.shortCircuited,
    rejected: one.rejected + other.rejected,
    fallback: one.fallback + other.fallback,
    p50Ms: higher(one.p50Ms, other.p50Ms),
    p95Ms: higher(one.p95Ms, other.p95Ms),
    p99Ms: higher(one.p99Ms, other.p99Ms),
  };
}

/**
 * @param {number | null} one
 * @param {number | null} other
 */
function higher(one, other) {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

/** @param {EdgePoint} point */
function total(point) {
  return OUTCOMES.reduce((sum, outcome) => sum + point[outcome], 0);
}

/** @param {number} number */
function round(number) {
  return Math.round(number * 100) / 100;
}
