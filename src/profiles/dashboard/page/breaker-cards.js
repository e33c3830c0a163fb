import { element, fromTemplate, html, part, say, showState, svg } from './dom.js';
import { entriesOf } from './entries-of.js';
import { count, percentage, timeOfDay } from './figures.js';
import { BREAKER_STATES, EDGE_NAMES, OUTCOME_NAMES } from './words.js';

/**
 * @import { CircuitState } from '../../../platform/resilience/operated-breaker.ts'
 * @import { BreakerChange, BreakerName, BreakerSnapshot, ResilienceSnapshot } from '../resilience-snapshot.ts'
 * @import { Tone } from './words.js'
 *
 * @typedef {(typeof ACTIONS)[number]} BreakerAction
 * @typedef {(name: BreakerName, action: BreakerAction) => void} OnAction
 */

const ACTIONS = /** @type {const} */ (['open', 'close', 'reset']);
const CHANGES = 3;
/** Room for the figure and the word in it. */
const DISC_RADIUS_MIN = 23;
const DISC_RADIUS_MAX = 42;
/** The volume whose disc is the largest. */
const DISC_VOLUME_MAX = 10_000;
const TICK_MS = 100;
/**
 * Of a ring whose length is 100; the one of `open` is for a breaker that is held.
 *
 * @type {Readonly<Record<CircuitState, string>>}
 */
const RINGS = { closed: '100 0', 'half-open': '6 6.5', open: '100 0' };

/**
 * One card for each breaker, with buttons for what can be done to it.
 *
 * @param {OnAction} onAction
 */
export function createBreakerCards(onAction) {
  /** @type {Map<BreakerName, ReturnType<typeof createCard>>} */
  const cards = new Map();
  /** @type {number | undefined} */
  let ticking;

  const tick = () => {
    for (const card of cards.values()) card.tick();
  };

  return {
    /** @param {ResilienceSnapshot} snapshot */
    render({ breakers, changes, controls }) {
      for (const breaker of breakers) {
        const card = cards.get(breaker.name) ?? createCard(breaker, onAction);
        cards.set(breaker.name, card);
        card.render(breaker, changes, controls.breakers);
      }
      const counts = breakers.some(({ nextProbeInMs }) => nextProbeInMs !== null);
      if (counts) {
        ticking ??= setInterval(tick, TICK_MS);
      } else {
        clearInterval(ticking);
        ticking = undefined;
      }
    },
  };
}

/**
 * @param {BreakerSnapshot} first
 * @param {OnAction} onAction
 */
function createCard(first, onAction) {
  const { name } = first;
  const card = fromTemplate('breaker');
  /** @param {string} id */
  const figure = (id) => part(card, `[data-figure="${id}"]`, HTMLElement);
  part(card, 'h3', HTMLElement).textContent = EDGE_NAMES[name];
  const gauge = part(card, '.gauge', SVGElement);
  const ring = part(gauge, '.gauge-ring', SVGElement);
  const disc = part(gauge, '.gauge-disc', SVGElement);
  const counts = createCounts(part(card, '.counts', HTMLElement));
  const actions = part(card, '.card-actions', HTMLElement);
  for (const action of ACTIONS) {
    const button = part(actions, `[data-action="${action}"]`, HTMLElement);
    button.setAttribute('aria-label', `${button.textContent} the ${name} breaker`);
    button.addEventListener('click', () => onAction(name, action));
  }
  element('breaker-cards').append(card);

  let shown = first;
  /**
   * By `performance.now()`; null: there is none to wait for.
   *
   * @type {number | null}
   */
  let probeAt = null;

  const tick = () => {
    say(figure('probe'), probeInWords(shown, probeAt));
    if (shown.state === 'open') ring.setAttribute('stroke-dasharray', ringOfOpen(shown, probeAt));
  };

  return {
    tick,
    /**
     * @param {BreakerSnapshot} breaker
     * @param {readonly BreakerChange[]} changes of all breakers
     * @param {boolean} isControllable
     */
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
      gauge.setAttribute(
        'aria-label',
        state === 'open' ? `${volume} calls in the window when it opened` : `${volume} calls in the window`,
      );
      say(part(gauge, '.gauge-value', SVGElement), count(volume));
      say(part(gauge, '.gauge-label', SVGElement), state === 'open' ? 'at opening' : 'calls');
      say(figure('share'), volume === 0 ? '–' : percentage(errorShare));
      say(figure('threshold'), `limit ${percentage(limits.failureRatio)}`);
      fillBar(part(card, '[data-bar="share"]', SVGElement), errorShare, limits.failureRatio);
      say(figure('row'), String(breaker.consecutiveFailures));
      say(figure('row-limit'), `of ${limits.consecutiveFailures}`);
      const rowShare = breaker.consecutiveFailures / limits.consecutiveFailures;
      fillBar(part(card, '[data-bar="row"]', SVGElement), rowShare, 1);
      for (const { outcome, value } of counts) say(value, count(breaker.counts[outcome]));
      renderChanges(
        part(card, '.changes', HTMLElement),
        changes.filter(({ breaker }) => breaker === name),
      );
      actions.hidden = !isControllable;
      tick();
    },
  };
}

/** @param {HTMLElement} list */
function createCounts(list) {
  return entriesOf(OUTCOME_NAMES).map(([outcome, name]) => {
    const cell = html('div');
    const term = html('dt');
    const key = html('span');
    key.className = 'key';
    cell.dataset.series = outcome;
    const value = html('dd', '–');
    term.append(key, name);
    cell.append(term, value);
    list.append(cell);
    return { outcome, value };
  });
}

/** @param {number} volume */
function radiusOf(volume) {
  if (volume === 0) return '0';
  const share = Math.min(1, Math.log1p(volume) / Math.log1p(DISC_VOLUME_MAX));
  return (DISC_RADIUS_MIN + share * (DISC_RADIUS_MAX - DISC_RADIUS_MIN)).toFixed(1);
}

/**
 * @param {SVGElement} bar
 * @param {number} share 0 to 1
 * @param {number} limit
 */
function fillBar(bar, share, limit) {
  const fill = part(bar, '.bar-fill', SVGElement);
  fill.setAttribute('width', String(Math.min(1, share) * 100));
  fill.dataset.tone = toneOf(share, limit);
  bar.querySelector('.bar-mark')?.setAttribute('x', String(Math.min(99, limit * 100)));
}

/**
 * @param {number} share
 * @param {number} limit
 * @returns {Tone}
 */
function toneOf(share, limit) {
  if (share >= limit) return 'bad';
  return share >= limit / 2 ? 'warn' : 'good';
}

/**
 * @param {BreakerSnapshot} breaker
 * @param {number | null} probeAt
 */
function probeInWords({ state, isForced }, probeAt) {
  if (state === 'closed') return 'not needed';
  if (isForced) return 'none';
  if (state === 'half-open' || probeAt === null) return 'under way';
  const leftMs = probeAt - performance.now();
  return leftMs > 0 ? `in ${(leftMs / 1000).toFixed(1)} s` : 'with the next call';
}

/**
 * The ring closes while the time to the next probe passes.
 *
 * @param {BreakerSnapshot} breaker
 * @param {number | null} probeAt
 */
function ringOfOpen({ limits }, probeAt) {
  if (probeAt === null) return RINGS.open;
  const passed = 1 - Math.min(1, Math.max(0, probeAt - performance.now()) / limits.resetMs);
  return `${(passed * 100).toFixed(1)} 100`;
}

/**
 * @param {HTMLElement} list
 * @param {readonly BreakerChange[]} changes
 */
function renderChanges(list, changes) {
  const last = changes.slice(-CHANGES).toReversed();
  const key = last.map(({ at, to }) => `${at}${to}`).join();
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  list.replaceChildren(...(last.length === 0 ? [html('li', 'none since the start')] : last.map(changeItem)));
}

/** @param {BreakerChange} change */
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
