import { latencyY, OUTCOMES, PERCENTILES, stackOutcomes, tableRows, traceLatencies, xOf } from './chart-geometry.js';
import { element, html, say, svg } from './dom.js';
import { count, duration, timeOfDay } from './figures.js';
import { HISTORY_SECONDS } from './snapshot-history.js';
import { BREAKER_STATES, EDGE_NAMES, OUTCOME_NAMES } from './words.js';

/** Where the most happens. */
const FIRST_EDGE = 'enrichment';
const MARGIN = { top: 16, right: 6, bottom: 18, left: 44 };
const LATENCY_TICKS_MS = [1, 10, 100, 1000, 10_000];
const PERCENTILE_NAMES = { p50Ms: 'p50', p95Ms: 'p95', p99Ms: 'p99' };
/** Of badges that would cover one another the newer one is drawn; the line of each is. */
const BADGE_WIDTH = 40;
/** A plot narrower than this, in pixels, has no room for every minute's label. */
const NARROW = 420;
const BADGES = { closed: 'closed', 'half-open': 'half', open: 'open' };

/** Five minutes of one edge: its outcomes, stacked, and its latencies, with a marker at each change of a breaker. */
export function createHistoryChart() {
  const outcomeLegend = createLegend('Outcomes per second', { ...OUTCOME_NAMES }, 'legend');
  const latencyLegend = createLegend('Latency', PERCENTILE_NAMES, 'legend legend-latency');
  const outcomePlot = svg('svg', { class: 'plot plot-outcomes', role: 'img' });
  const latencyPlot = svg('svg', { class: 'plot plot-latency', role: 'img' });
  element('history').append(outcomeLegend.node, outcomePlot, latencyLegend.node, latencyPlot);

  let edge = FIRST_EDGE;
  let history = null;
  let pointedAt = null;

  const draw = () => {
    if (history === null) return;
    const { points } = history;
    const endAt = (points.at(-1)?.at ?? Math.floor(history.snapshot.at / 1000) * 1000 - 1000) + 1000;
    const changes = history.snapshot.changes.filter(({ breaker }) => edge === 'clients' || breaker === edge);
    const pointed = points.find(({ at }) => at === pointedAt) ?? points.at(-1);
    drawOutcomes(outcomePlot, { points, edge, endAt, changes, pointedAt });
    drawLatencies(latencyPlot, { points, edge, endAt, changes, pointedAt });
    outcomePlot.setAttribute('aria-label', `Outcomes per second, ${EDGE_NAMES[edge]}; the table below says the same`);
    latencyPlot.setAttribute('aria-label', `Latencies, ${EDGE_NAMES[edge]}; the table below says the same`);
    const shown = pointed?.edges[edge];
    outcomeLegend.render(pointedAt, (series) => (shown === undefined ? '–' : count(shown[series])));
    latencyLegend.render(pointedAt, (series) => duration(shown?.[series] ?? null));
    if (element('history-details').open) drawTable(points, edge);
  };

  createTabs((chosen) => {
    edge = chosen;
    draw();
  });
  for (const plot of [outcomePlot, latencyPlot]) {
    plot.addEventListener('pointermove', (event) => {
      pointedAt = secondAt(plot, event.clientX, history);
      draw();
    });
    plot.addEventListener('pointerleave', () => {
      pointedAt = null;
      draw();
    });
  }
  element('history-details').addEventListener('toggle', draw);
  new ResizeObserver(draw).observe(outcomePlot);

  return {
    render(next) {
      history = next;
      draw();
    },
  };
}

function createTabs(onChoice) {
  const tabs = Object.entries(EDGE_NAMES).map(([edge, name]) => {
    const tab = html('button', name);
    tab.type = 'button';
    tab.id = `tab-${edge}`;
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', 'history');
    return { edge, tab };
  });
  const choose = (chosen) => {
    for (const { edge, tab } of tabs) {
      tab.setAttribute('aria-selected', String(edge === chosen.edge));
      tab.tabIndex = edge === chosen.edge ? 0 : -1;
    }
    element('history').setAttribute('aria-labelledby', chosen.tab.id);
    onChoice(chosen.edge);
  };
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  for (const [index, entry] of tabs.entries()) {
    entry.tab.addEventListener('click', () => choose(entry));
    entry.tab.addEventListener('keydown', ({ key }) => {
      if (steps[key] === undefined) return;
      const next = tabs.at((index + steps[key]) % tabs.length);
      choose(next);
      next.tab.focus();
    });
  }
  element('tabs').append(...tabs.map(({ tab }) => tab));
  choose(tabs.find(({ edge }) => edge === FIRST_EDGE));
}

function createLegend(title, names, className) {
  const node = html('div');
  node.className = className;
  const heading = html('h3', title);
  node.append(heading);
  const values = Object.entries(names).map(([series, name]) => {
    const entry = html('div');
    entry.dataset.series = series;
    const key = html('span');
    key.className = OUTCOMES.includes(series) ? 'key' : 'key key-line';
    const value = html('strong', '–');
    entry.append(key, html('span', name), value);
    node.append(entry);
    return { series, value };
  });
  return {
    node,
    render(at, valueOf) {
      say(heading, at === null ? title : `${title}, at ${timeOfDay(at)}`);
      for (const { series, value } of values) say(value, valueOf(series));
    },
  };
}

function frameOf(plot, endAt) {
  const { width, height } = plot.getBoundingClientRect();
  return {
    width: Math.max(10, width - MARGIN.left - MARGIN.right),
    height: Math.max(10, height - MARGIN.top - MARGIN.bottom),
    endAt,
  };
}

function drawOutcomes(plot, { points, edge, endAt, changes, pointedAt }) {
  const frame = frameOf(plot, endAt);
  const { top, paths, fallback } = stackOutcomes(points, edge, frame);
  const ticks = [0, 0.5, 1].map((share) => ({ y: frame.height * (1 - share), text: tickText(top * share) }));
  draw(plot, frame, ticks, { changes, pointedAt }, [
    ...OUTCOMES.map((series) => svg('path', { class: 'area', 'data-series': series, d: paths[series] })),
    svg('path', { class: 'trace', 'data-series': 'fallback', d: fallback }),
  ]);
}

function drawLatencies(plot, { points, edge, endAt, changes, pointedAt }) {
  const frame = frameOf(plot, endAt);
  const traces = traceLatencies(points, edge, frame);
  const ticks = LATENCY_TICKS_MS.map((ms) => ({
    y: latencyY(ms, frame),
    text: ms < 1000 ? `${ms} ms` : `${ms / 1000} s`,
  }));
  const lines = PERCENTILES.map((series) => svg('path', { class: 'trace', 'data-series': series, d: traces[series] }));
  draw(plot, frame, ticks, { changes: changes.map((change) => ({ ...change, hasNoBadge: true })), pointedAt }, lines);
}

function tickText(value) {
  return Number.isInteger(value) ? count(value) : value.toFixed(1);
}

function draw(plot, frame, ticks, { changes, pointedAt }, shapes) {
  const content = svg('g', { transform: `translate(${MARGIN.left} ${MARGIN.top})` });
  for (const { y, text } of ticks) {
    content.append(
      svg('line', { class: 'grid', x2: frame.width, y1: y, y2: y }),
      svg('text', { x: -8, y: y + 4, 'text-anchor': 'end' }, text),
    );
  }
  content.append(...timeLabels(frame), ...shapes, ...markers(changes, frame));
  if (pointedAt !== null) {
    const x = xOf(pointedAt + 500, frame);
    content.append(svg('line', { class: 'cursor', x1: x, x2: x, y1: 0, y2: frame.height }));
  }
  plot.replaceChildren(content);
}

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

function markers(changes, frame) {
  let lastBadgeX = Infinity;
  return changes
    .filter(({ at }) => at > frame.endAt - HISTORY_SECONDS * 1000)
    .toReversed()
    .map(({ at, breaker, to, hasNoBadge }) => {
      const x = Math.min(frame.width, xOf(at, frame));
      const marker = svg('g', { 'data-tone': BREAKER_STATES[to].tone });
      marker.append(
        svg('title', {}, `${timeOfDay(at)}: the ${breaker} breaker is ${to}`),
        svg('line', { class: 'event-line', x1: x, x2: x, y1: 0, y2: frame.height }),
      );
      if (hasNoBadge || lastBadgeX - x < BADGE_WIDTH) return marker;
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

function secondAt(plot, clientX, history) {
  const last = history?.points.at(-1);
  if (last === undefined) return null;
  const { left, width } = plot.getBoundingClientRect();
  const share = (clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
  const at = last.at + 1000 - Math.ceil((1 - Math.min(1, Math.max(0, share))) * HISTORY_SECONDS) * 1000;
  return Math.min(last.at, at);
}

function drawTable(points, edge) {
  const columns = [...Object.entries(OUTCOME_NAMES), ...Object.entries(PERCENTILE_NAMES)];
  const head = html('tr');
  head.append(html('th', 'From'), ...columns.map(([, name]) => html('th', name)));
  for (const cell of head.children) cell.scope = 'col';
  element('history-head').replaceChildren(head);
  element('history-rows').replaceChildren(
    ...tableRows(points, edge).map(({ at, row }) => {
      const line = html('tr');
      const time = html('th', timeOfDay(at));
      time.scope = 'row';
      line.append(time);
      for (const [series] of columns) {
        line.append(html('td', series in OUTCOME_NAMES ? count(row[series]) : duration(row[series])));
      }
      return line;
    }),
  );
}
