import { element, fromTemplate, html, say, showState, svg } from './dom.js';
import { count, percentage, timeOfDay } from './figures.js';
import { BREAKER_STATES, EDGE_NAMES, OUTCOME_NAMES } from './words.js';

const CHANGES = 3;
/** Room for the figure and the word in it. */
const DISC_RADIUS_MIN = 23;
const DISC_RADIUS_MAX = 42;
/** The volume whose disc is the largest. */
const DISC_VOLUME_MAX = 10_000;
const TICK_MS = 100;
/** Of a ring whose length is 100; the one of `open` is for a breaker that is held. */
const RINGS = { closed: '100 0', 'half-open': '6 6.5', open: '100 0' };

/** One card for each breaker. `onAction` hears the breaker's name and `open`, `close` or `reset`. */
export function createBreakerCards(onAction) {
  const cards = new Map();
  let ticking;

  const tick = () => {
    for (const card of cards.values()) card.tick();
  };

  return {
    render({ breakers, changes, controls }) {
      for (const breaker of breakers) {
        if (!cards.has(breaker.name)) cards.set(breaker.name, createCard(breaker.name, onAction));
        cards.get(breaker.name).render(breaker, changes, controls.breakers);
      }
      const counts = breakers.some(({ nextProbeInMs }) => nextProbeInMs !== null);
      if (counts) ticking ??= setInterval(tick, TICK_MS);
      else ticking = clearInterval(ticking);
    },
  };
}

function createCard(name, onAction) {
  const card = fromTemplate('breaker');
  const figure = (id) => card.querySelector(`[data-figure="${id}"]`);
  card.querySelector('h3').textContent = EDGE_NAMES[name];
  const ring = card.querySelector('.gauge-ring');
  const disc = card.querySelector('.gauge-disc');
  const counts = createCounts(card.querySelector('.counts'));
  const actions = card.querySelector('.card-actions');
  for (const button of actions.children) {
    button.setAttribute('aria-label', `${button.textContent} the ${name} breaker`);
    button.addEventListener('click', () => onAction(name, button.dataset.action));
  }
  element('breaker-cards').append(card);

  let shown;
  let probeAt = null;

  const tick = () => {
    say(figure('probe'), probeInWords(shown, probeAt));
    if (shown.state === 'open') ring.setAttribute('stroke-dasharray', ringOfOpen(shown, probeAt));
  };

  return {
    tick,
    render(breaker, changes, isControllable) {
      shown = breaker;
      probeAt = breaker.nextProbeInMs === null ? null : performance.now() + breaker.nextProbeInMs;
      const { state, volume, errorShare, limits } = breaker;
      const shownState = BREAKER_STATES[state];
      showState(figure('state'), { ...shownState, word: breaker.isForced ? 'held open' : shownState.word });
      card.dataset.tone = shownState.tone;
      ring.setAttribute('stroke-dasharray', RINGS[state]);
      disc.setAttribute('r', radiusOf(volume));
      disc.style.setProperty('--share', `${Math.round(errorShare * 100)}%`);
      card
        .querySelector('.gauge')
        .setAttribute(
          'aria-label',
          state === 'open' ? `${volume} calls in the window when it opened` : `${volume} calls in the window`,
        );
      say(card.querySelector('.gauge-value'), count(volume));
      say(card.querySelector('.gauge-label'), state === 'open' ? 'at opening' : 'calls');
      say(figure('share'), volume === 0 ? '–' : percentage(errorShare));
      say(figure('threshold'), `limit ${percentage(limits.failureRatio)}`);
      fillBar(card.querySelector('[data-bar="share"]'), errorShare, limits.failureRatio);
      say(figure('row'), String(breaker.consecutiveFailures));
      say(figure('row-limit'), `of ${limits.consecutiveFailures}`);
      fillBar(card.querySelector('[data-bar="row"]'), breaker.consecutiveFailures / limits.consecutiveFailures, 1);
      for (const [outcome, node] of counts) say(node, count(breaker.counts[outcome]));
      renderChanges(
        card.querySelector('.changes'),
        changes.filter(({ breaker }) => breaker === name),
      );
      actions.hidden = !isControllable;
      tick();
    },
  };
}

function createCounts(list) {
  return Object.entries(OUTCOME_NAMES).map(([outcome, name]) => {
    const cell = html('div');
    const term = html('dt');
    const key = html('span');
    key.className = 'key';
    cell.dataset.series = outcome;
    const value = html('dd', '–');
    term.append(key, name);
    cell.append(term, value);
    list.append(cell);
    return [outcome, value];
  });
}

function radiusOf(volume) {
  if (volume === 0) return '0';
  const share = Math.min(1, Math.log1p(volume) / Math.log1p(DISC_VOLUME_MAX));
  return (DISC_RADIUS_MIN + share * (DISC_RADIUS_MAX - DISC_RADIUS_MIN)).toFixed(1);
}

function fillBar(bar, share, limit) {
  const fill = bar.querySelector('.bar-fill');
  fill.setAttribute('width', String(Math.min(1, share) * 100));
  fill.dataset.tone = toneOf(share, limit);
  bar.querySelector('.bar-mark')?.setAttribute('x', String(Math.min(99, limit * 100)));
}

function toneOf(share, limit) {
  if (share >= limit) return 'bad';
  return share >= limit / 2 ? 'warn' : 'good';
}

function probeInWords({ state, isForced }, probeAt) {
  if (state === 'closed') return 'not needed';
  if (isForced) return 'none';
  if (state === 'half-open' || probeAt === null) return 'under way';
  const leftMs = probeAt - performance.now();
  return leftMs > 0 ? `in ${(leftMs / 1000).toFixed(1)} s` : 'with the next call';
}

/** The ring closes while the time to the next probe passes. */
function ringOfOpen({ limits }, probeAt) {
  if (probeAt === null) return RINGS.open;
  const passed = 1 - Math.min(1, Math.max(0, probeAt - performance.now()) / limits.resetMs);
  return `${(passed * 100).toFixed(1)} 100`;
}

function renderChanges(list, changes) {
  const last = changes.slice(-CHANGES).toReversed();
  const key = last.map(({ at, to }) => `${at}${to}`).join();
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  list.replaceChildren(...(last.length === 0 ? [html('li', 'none since the start')] : last.map(changeItem)));
}

function changeItem({ at, from, to, by }) {
  const item = html('li');
  const time = html('time', timeOfDay(at));
  time.dateTime = new Date(at).toISOString();
  const icon = svg('svg', { class: 'icon', 'aria-hidden': 'true' });
  icon.append(svg('use', { href: `#icon-${to}` }));
  const words = html('span', `${from} → ${to}${by === null ? '' : `, by ${by}`}`);
  words.title = words.textContent;
  item.append(time, icon, words);
  return item;
}
