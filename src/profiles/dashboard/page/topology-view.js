import { element, fromTemplate, say, showState } from './dom.js';
import { duration, percentage, rate } from './figures.js';
import { EDGE_NAMES, HEALTH } from './words.js';

const NOT_USED = { tone: 'idle', icon: 'idle', word: 'not used' };

/** Who asks the service and whom it asks, with the last ten seconds of each. */
export function createTopologyView() {
  const cards = Object.entries(EDGE_NAMES).map(([edge, name]) => {
    const card = fromTemplate('edge');
    card.querySelector('.edge-name').textContent = name;
    card.setAttribute('aria-label', name);
    element(edge === 'clients' ? 'clients' : 'dependencies').append(card);
    const wires = document.querySelectorAll(`[data-wire="${edge}"]`);
    return { edge, card, wires, pill: card.querySelector('.pill') };
  });

  return {
    render({ edges, worker }) {
      say(element('node-worker'), worker === null ? 'this process' : `worker ${worker}`);
      for (const { edge, card, wires, pill } of cards) renderEdge(edges[edge], card, wires, pill);
    },
  };
}

function renderEdge(figures, card, wires, pill) {
  const state = figures.isUsed ? HEALTH[figures.health] : NOT_USED;
  const made = figures.success + figures.failure + figures.timeout;
  showState(pill, state);
  card.dataset.tone = state.tone;
  for (const wire of wires) {
    wire.dataset.tone = state.tone;
    wire.dataset.flow = String(figures.perSecond > 0);
  }
  say(card.querySelector('[data-figure="rate"]'), figures.isUsed ? rate(figures.perSecond) : '–');
  say(
    card.querySelector('[data-figure="errors"]'),
    made === 0 || !figures.isUsed ? '–' : percentage(figures.errorShare),
  );
  say(card.querySelector('[data-figure="p95"]'), duration(figures.isUsed ? figures.p95Ms : null));
}
