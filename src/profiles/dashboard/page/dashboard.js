import { createBreakerCards } from './breaker-cards.js';
import { createBreakerControls } from './breaker-controls.js';
import { createCallTap } from './call-tap.js';
import { Contact } from './contact.js';
import { element, input, say } from './dom.js';
import { timeOfDay, uptime } from './figures.js';
import { createHistoryChart } from './history-chart.js';
import { opsToken } from './ops-token.js';
import { remembered } from './remembered.js';
import { createProviderControls } from './provider-controls.js';
import { joinSnapshot } from './snapshot-history.js';
import { createTopologyView } from './topology-view.js';
import { createTrafficSender } from './traffic-sender.js';

/**
 * @import { ResilienceSnapshot } from '../resilience-snapshot.ts'
 * @import { ContactState } from './contact.js'
 * @import { History } from './snapshot-history.js'
 * @import { Tone } from './words.js'
 */

const THEMES = ['auto', 'light', 'dark'];
/** @type {Readonly<Record<ContactState, { tone: Tone, text: (heardAt: number) => string }>>} */
const CONTACTS = {
  live: { tone: 'good', text: () => 'Live' },
  polling: { tone: 'warn', text: () => 'Polling' },
  lost: { tone: 'bad', text: (heardAt) => `Contact lost since ${timeOfDay(heardAt)}` },
  refused: { tone: 'warn', text: () => 'Token needed' },
};

const topology = createTopologyView();
const breakerControls = createBreakerControls();
const cards = createBreakerCards((name, action) => void breakerControls.control(name, action));
const chart = createHistoryChart();
const tap = createCallTap();
const provider = createProviderControls();
createTrafficSender();

/** @type {History | null} */
let history = null;

const contact = new Contact({
  onSnapshot: show,
  onState: showContact,
  lastId: () => history?.snapshot.id ?? null,
  token: opsToken.get,
});

/** @param {ResilienceSnapshot} snapshot */
function show(snapshot) {
  announceChanges(history?.snapshot ?? null, snapshot);
  history = joinSnapshot(history, snapshot);
  // First shown with figures in it, and before the charts measure themselves: so nothing moves afterwards.
  element('page').hidden = false;
  element('controls').hidden = !snapshot.controls.provider && !snapshot.controls.breakers;
  showAbout(snapshot);
  topology.render(snapshot);
  cards.render(snapshot);
  chart.render(history);
  tap.render(history);
  provider.render(snapshot);
  breakerControls.render(snapshot);
}

/** @param {ResilienceSnapshot} snapshot */
function showAbout({ service, version, worker, uptimeSeconds }) {
  say(element('service'), service);
  const process = worker === null ? '' : ` · worker ${worker}`;
  say(element('about'), `version ${version}${process} · up ${uptime(uptimeSeconds)}`);
}

/**
 * Only what an operator must hear is read out; figures change every second.
 *
 * @param {ResilienceSnapshot | null} before
 * @param {ResilienceSnapshot} snapshot
 */
function announceChanges(before, { breakers }) {
  if (before === null) return;
  const changed = breakers.filter(({ name, state }) =>
    before.breakers.some((old) => old.name === name && old.state !== state),
  );
  if (changed.length === 0) return;
  say(element('announcement'), changed.map(({ name, state }) => `The ${name} breaker is ${state}.`).join(' '));
}

/**
 * @param {ContactState} state
 * @param {number} heardAt
 */
function showContact(state, heardAt) {
  const { tone, text } = CONTACTS[state];
  const pill = element('contact');
  pill.dataset.contact = state;
  pill.dataset.tone = tone;
  say(element('contact-text'), text(heardAt));
  document.body.classList.toggle('stale', state === 'lost');
  element('stale').hidden = state !== 'lost';
  element('access').hidden = state !== 'refused';
  element('page').hidden = state === 'refused' || history === null;
  if (state !== 'refused') return;
  say(element('access-refusal'), opsToken.get() === null ? '' : 'This one was refused.');
  element('token').focus();
}

element('access').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = input('token');
  opsToken.set(token.value);
  token.value = '';
  say(element('access-refusal'), '');
  contact.tryAgain();
});

element('theme').addEventListener('click', () => {
  const { dataset } = document.documentElement;
  // After the last one comes the first.
  const theme = THEMES[THEMES.indexOf(dataset.theme ?? '') + 1] ?? 'auto';
  dataset.theme = theme;
  remembered.set('theme', theme);
  showTheme();
});

function showTheme() {
  say(element('theme'), `Theme: ${document.documentElement.dataset.theme}`);
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) contact.rest();
  else contact.tryAgain();
});

showTheme();
// A page that is opened in the background becomes visible when somebody looks at it.
if (document.hidden) contact.rest();
void contact.keep();
