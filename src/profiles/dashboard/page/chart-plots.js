import { latencyY, OUTCOMES, PERCENTILES, stackOutcomes, traceLatencies, xOf } from './chart-geometry.js';
import { svg } from './dom.js';
import { count, timeOfDay } from './figures.js';
import { HISTORY_SECONDS } from './snapshot-history.js';
import { BREAKER_STATES } from './words.js';

/**
 * @import { CircuitState } from '../../../platform/resilience/operated-breaker.ts'
 * @import { BreakerChange, Edge, HistoryPoint } from '../resilience-snapshot.ts'
 * @import { Frame } from './chart-geometry.js'
 * @import { History } from './snapshot-history.js'
 *
 * @typedef {object} Content
 * @property {readonly HistoryPoint[]} points
 * @property {Edge} edge
 * @property {number} endAt as of the frame
 * @property {readonly BreakerChange[]} changes
 * @property {number | null} pointedAt the second under the pointer: milliseconds since 1970
 *
 * @typedef {{ y: number, text: string }} Tick
 */

const MARGIN = { top: 16, right: 6, bottom: 18, left: 44 };
const LATENCY_TICKS_MS = [1, 10, 100, 1000, 10_000];
/** Of badges that would cover one another the newer one is drawn; the line of each is. */
const BADGE_WIDTH = 40;
/** A plot narrower than this, in pixels, has no room for every minute's label. */
const NARROW = 420;
/** @type {Readonly<Record<CircuitState, string>>} */
const BADGES = { closed: 'closed', 'half-open': 'half', open: 'open' };

/**
 * @param {SVGElement} plot
 * @param {number} endAt
 * @returns {Frame}
 */
function frameOf(plot, endAt) {
  const { width, height } = plot.getBoundingClientRect();
  return {
    width: Math.max(10, width - MARGIN.left - MARGIN.right),
    height: Math.max(10, height - MARGIN.top - MARGIN.bottom),
    endAt,
  };
}

/**
 * @param {SVGElement} plot
 * @param {Content} content
 */
export function drawOutcomes(plot, { points, edge, endAt, changes, pointedAt }) {
  const frame = frameOf(plot, endAt);
  const { top, paths, fallback } = stackOutcomes(points, edge, frame);
  const ticks = [0, 0.5, 1].map((share) => ({ y: frame.height * (1 - share), text: tickText(top * share) }));
  draw(plot, frame, ticks, { changes, pointedAt, hasBadges: true }, [
    ...OUTCOMES.map((series) => svg('path', { class: 'area', 'data-series': series, d: paths[series] })),
    svg('path', { class: 'trace', 'data-series': 'fallback', d: fallback }),
  ]);
}

/**
 * @param {SVGElement} plot
 * @param {Content} content
 */
export function drawLatencies(plot, { points, edge, endAt, changes, pointedAt }) {
  const frame = frameOf(plot, endAt);
  const traces = traceLatencies(points, edge, frame);
  const ticks = LATENCY_TICKS_MS.map((ms) => ({
    y: latencyY(ms, frame),
    text: ms < 1000 ? `${ms} ms` : `${ms / 1000} s`,
  }));
  const lines = PERCENTILES.map((series) => svg('path', { class: 'trace', 'data-series': series, d: traces[series] }));
  draw(plot, frame, ticks, { changes, pointedAt, hasBadges: false }, lines);
}

/** @param {number} value */
function tickText(value) {
  return Number.isInteger(value) ? count(value) : value.toFixed(1);
}

/**
 * @param {SVGElement} plot
 * @param {Frame} frame
 * @param {readonly Tick[]} ticks
 * @param {Pick<Content, 'changes' | 'pointedAt'> & { hasBadges: boolean }} marks
 * @param {readonly SVGElement[]} shapes
 */
function draw(plot, frame, ticks, { changes, pointedAt, hasBadges }, shapes) {
  const content = svg('g', { transform: `translate(${MARGIN.left} ${MARGIN.top})` });
  for (const { y, text } of ticks) {
    content.append(
      svg('line', { class: 'grid', x2: frame.width, y1: y, y2: y }),
      svg('text', { x: -8, y: y + 4, 'text-anchor': 'end' }, text),
    );
  }
  content.append(...timeLabels(frame), ...shapes, ...markers(changes, frame, hasBadges));
  if (pointedAt !== null) {
    const x = xOf(pointedAt + 500, frame);
    content.append(svg('line', { class: 'cursor', x1: x, x2: x, y1: 0, y2: frame.height }));
  }
  plot.replaceChildren(content);
}

/** @param {Frame} frame */
function timeLabels(frame) {
  const minutesAgo = frame.width < NARROW ? [5, 3, 1, 0] : [5, 4, 3, 2, 1, 0];
  return minutesAgo.map((minutes) =>
    svg(
      'text',
      {
        x: xOf(frame.endAt - minutes * 60_000, frame),
        y: frame.height + 15,
        'text-anchor': minutes === 0 ? 'end' : minutes === 5 ? 'start' : 'middle',
      },
      minutes === 0 ? 'now' : `−${minutes} min`,
    ),
  );
}

/**
 * @param {readonly BreakerChange[]} changes
 * @param {Frame} frame
 * @param {boolean} hasBadges
 */
function markers(changes, frame, hasBadges) {
  let lastBadgeX = Infinity;
  return changes
    .filter(({ at }) => at > frame.endAt - HISTORY_SECONDS * 1000)
    .toReversed()
    .map(({ at, breaker, to }) => {
      const x = Math.min(frame.width, xOf(at, frame));
      const marker = svg('g', { 'data-tone': BREAKER_STATES[to].tone });
      marker.append(
        svg('title', {}, `${timeOfDay(at)}: the ${breaker} breaker is ${to}`),
        svg('line', { class: 'event-line', x1: x, x2: x, y1: 0, y2: frame.height }),
      );
      if (!hasBadges || lastBadgeX - x < BADGE_WIDTH) return marker;
      lastBadgeX = x;
      const badgeX = Math.min(frame.width - BADGE_WIDTH / 2, Math.max(BADGE_WIDTH / 2, x));
      marker.append(
        svg('rect', {
          class: 'event-badge',
          x: badgeX - BADGE_WIDTH / 2,
          y: -15,
          width: BADGE_WIDTH,
          height: 14,
          rx: 4,
        }),
        svg('text', { class: 'event-text', x: badgeX, y: -4.5 }, BADGES[to]),
      );
      return marker;
    });
}

/**
 * The second that is under the pointer; null: none is shown.
 *
 * @param {SVGElement} plot
 * @param {number} clientX
 * @param {History | null} history
 */
export function secondAt(plot, clientX, history) {
  const last = history?.points.at(-1);
  if (last === undefined) return null;
  const { left, width } = plot.getBoundingClientRect();
  const share = (clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
  const at = last.at + 1000 - Math.ceil((1 - Math.min(1, Math.max(0, share))) * HISTORY_SECONDS) * 1000;
  return Math.min(last.at, at);
}
