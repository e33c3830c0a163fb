import { element, fromTemplate, part, say, showState } from './dom.js';
import { entriesOf } from './entries-of.js';
import { duration, percentage, rate } from './figures.js';
import { EDGE_NAMES, HEALTH } from './words.js';

/**
 * @import { Edge, EdgeFigures, ResilienceSnapshot } from '../resilience-snapshot.ts'
 * @import { StateLook } from './words.js'
 */

/** @type {StateLook} */
const NOT_USED = { tone: 'idle', icon: 'idle', word: 'not used' };

/** Who asks the service and whom it asks, with the last ten seconds of each. */
export function createTopologyView() {
  const cards = entriesOf(EDGE_NAMES).map(([edge, name]) => ({ edge, render: createEdge(edge, name) }));

  return {
    /** @param {ResilienceSnapshot} snapshot */
    render({ edges, worker }) {
      say(element('node-worker'), worker === null ? 'this process' : `worker ${worker}`);
      for (const { edge, render } of cards) render(edges[edge]);
    },
  };
}

/**
 * @param {Edge} edge
 * @param {string} name
 */
function createEdge(edge, name) {
  const card = fromTemplate('edge');
  const pill = part(card, '.pill', HTMLElement);
  const wires = document.querySelectorAll(`[data-wire="${edge}"]`);
  part(card, '.edge-name', HTMLElement).textContent = name;
  card.setAttribute('aria-label', name);
  element(edge === 'clients' ? 'clients' : 'dependencies').append(card);
  /** @param {string} id */
  const figure = (id) => part(card, `[data-figure="${id}"]`, HTMLElement);

  return (/** @type {EdgeFigures} */ figures) => {
    const state = figures.isUsed ? HEALTH[figures.health] : NOT_USED;
    const made = figures.success + figures.failure + figures.timeout;
    showState(pill, state);
    card.dataset.tone = state.tone;
    for (const wire of wires) {
      wire.setAttribute('data-tone', state.tone);
      wire.setAttribute('data-flow', String(figures.perSecond > 0));
    }
    say(figure('rate'), figures.isUsed ? rate(figures.perSecond) : '–');
    say(figure('errors'), made === 0 || !figures.isUsed ? '–' : percentage(figures.errorShare));
    say(figure('p95'), duration(figures.isUsed ? figures.p95Ms : null));
  };
}
