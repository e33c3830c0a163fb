import { createLegend } from './chart-legend.js';
import { drawLatencies, drawOutcomes, secondAt } from './chart-plots.js';
import { element, html, part, svg } from './dom.js';
import { entriesOf } from './entries-of.js';
import { count, duration } from './figures.js';
import { drawTable } from './history-table.js';
import { EDGE_NAMES, OUTCOME_NAMES, PERCENTILE_NAMES } from './words.js';

/**
 * @import { Edge } from '../resilience-snapshot.ts'
 * @import { History } from './snapshot-history.js'
 */

/** Where the most happens. */
const FIRST_EDGE = 'enrichment';
/** By the keys that move from tab to tab. */
const TAB_STEPS = new Map([
  ['ArrowRight', 1],
  ['ArrowLeft', -1],
]);

/** Five minutes of one edge: its outcomes, stacked, and its latencies, with a marker at each change of a breaker. */
export function createHistoryChart() {
  const outcomeLegend = createLegend('Outcomes per second', OUTCOME_NAMES, 'legend');
  const latencyLegend = createLegend('Latency', PERCENTILE_NAMES, 'legend legend-latency');
  const outcomePlot = svg('svg', { class: 'plot plot-outcomes', role: 'img' });
  const latencyPlot = svg('svg', { class: 'plot plot-latency', role: 'img' });
  const details = part(document, '#history-details', HTMLDetailsElement);
  element('history').append(outcomeLegend.node, outcomePlot, latencyLegend.node, latencyPlot);

  /** @type {Edge} */
  let edge = FIRST_EDGE;
  /** @type {History | null} */
  let history = null;
  /** @type {number | null} */
  let pointedAt = null;

  const draw = () => {
    if (history === null) return;
    const { points } = history;
    const endAt = (points.at(-1)?.at ?? Math.floor(history.snapshot.at / 1000) * 1000 - 1000) + 1000;
    const changes = history.snapshot.changes.filter(({ breaker }) => edge === 'clients' || breaker === edge);
    const pointed = points.find(({ at }) => at === pointedAt) ?? points.at(-1);
    const content = { points, edge, endAt, changes, pointedAt };
    drawOutcomes(outcomePlot, content);
    drawLatencies(latencyPlot, content);
    outcomePlot.setAttribute('aria-label', `Outcomes per second, ${EDGE_NAMES[edge]}; the table below says the same`);
    latencyPlot.setAttribute('aria-label', `Latencies, ${EDGE_NAMES[edge]}; the table below says the same`);
    const shown = pointed?.edges[edge];
    outcomeLegend.render(pointedAt, (series) => (shown === undefined ? '–' : count(shown[series])));
    latencyLegend.render(pointedAt, (series) => duration(shown?.[series] ?? null));
    if (details.open) drawTable(points, edge);
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
  details.addEventListener('toggle', draw);
  new ResizeObserver(draw).observe(outcomePlot);

  return {
    /** @param {History} next */
    render(next) {
      history = next;
      draw();
    },
  };
}

/** @param {(edge: Edge) => void} onChoice */
function createTabs(onChoice) {
  const tabs = entriesOf(EDGE_NAMES).map(([edge, name]) => {
    const tab = html('button', name);
    tab.type = 'button';
    tab.id = `tab-${edge}`;
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', 'history');
    return { edge, tab };
  });
  /** @param {Edge} chosen */
  const choose = (chosen) => {
    for (const { edge, tab } of tabs) {
      tab.setAttribute('aria-selected', String(edge === chosen));
      tab.tabIndex = edge === chosen ? 0 : -1;
    }
    element('history').setAttribute('aria-labelledby', `tab-${chosen}`);
    onChoice(chosen);
  };
  for (const [index, { edge, tab }] of tabs.entries()) {
    tab.addEventListener('click', () => choose(edge));
    tab.addEventListener('keydown', ({ key }) => {
      const step = TAB_STEPS.get(key);
      const next = step === undefined ? undefined : tabs.at((index + step) % tabs.length);
      if (next === undefined) return;
      choose(next.edge);
      next.tab.focus();
    });
  }
  element('tabs').append(...tabs.map(({ tab }) => tab));
  choose(FIRST_EDGE);
}
