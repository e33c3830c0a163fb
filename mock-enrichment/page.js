/**
 * @import { ControlChanges, ControlState } from './mock-control.ts'
 * @import { LoggedRequest, RequestLogSnapshot } from './request-log.ts'
 *
 * @typedef {RequestLogSnapshot & { readonly control: ControlState }} Snapshot
 *
 * @typedef {object} SliderMeaning what the numbers of a slider are to the service, and in words
 * @property {(value: number) => ControlChanges} toChanges
 * @property {(state: ControlState) => number} fromState
 * @property {(value: number) => string} show
 */

/** A snapshot comes at least every two seconds; a silence of this length means that nobody is there. */
const SILENCE_MS = 5000;
/** How long a command may take. */
const ANSWER_MS = 3000;
/** The gap whose bar fills its column; a longer one is no retry and gets no bar. */
const FULL_BAR_MS = 800;

const modeButtons = [...document.querySelectorAll('button')].filter(({ dataset }) => dataset.mode !== undefined);
const failNextCount = part(document, '#fail-next-count', HTMLInputElement);
const rowTemplate = part(document, '#request', HTMLTemplateElement);
const timeOfDay = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

const sliders = [
  createSlider('failure-rate', {
    toChanges: (percent) => ({ failureRate: percent / 100 }),
    fromState: ({ failureRate }) => Math.round(failureRate * 100),
    show: (percent) => `${percent} %`,
  }),
  createSlider('latency', {
    toChanges: (latencyMs) => ({ latencyMs }),
    fromState: ({ latencyMs }) => latencyMs,
    show: (latencyMs) => `${latencyMs} ms`,
  }),
];

/**
 * What must be there.
 *
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @throws Error when it is not there, or of another kind
 */
function part(root, selector, kind) {
  const found = root.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} ${selector}.`);
}

/** @param {string} id */
function element(id) {
  return part(document, `#${id}`, HTMLElement);
}

/**
 * While a slider moves, the service follows it, one command at a time and always with the latest value.
 *
 * @param {string} id
 * @param {SliderMeaning} meaning
 */
function createSlider(id, { toChanges, fromState, show }) {
  const input = part(document, `#${id}`, HTMLInputElement);
  const output = element(`${id}-value`);
  let sending = false;

  /** @param {number} value */
  const showValue = (value) => {
    output.textContent = show(value);
    input.setAttribute('aria-valuetext', show(value));
  };
  const sendLatest = async () => {
    if (sending) return;
    sending = true;
    let sent;
    do {
      sent = input.valueAsNumber;
      await send('PUT', '/control', toChanges(sent));
    } while (sent !== input.valueAsNumber);
    sending = false;
  };
  input.addEventListener('input', () => {
    showValue(input.valueAsNumber);
    void sendLatest();
  });

  return {
    /** @param {ControlState} state */
    render(state) {
      // What arrives now is older than the hand on the slider.
      if (sending) return;
      const value = fromState(state);
      input.value = String(value);
      // The figure is the service's own, even where the slider has no room for it.
      showValue(value);
    },
  };
}

/**
 * Sends a command; never rejects. What it has changed comes back through the stream, the only source of what is shown.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function send(method, path, body) {
  const problem = await problemOf(method, path, body);
  element('refusal').hidden = problem === null;
  if (problem === null) return;
  element('refusal').textContent = problem;
  // A slider may show what the service has not taken: the next snapshot puts it right, even if it is the same as the last.
  shown = undefined;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function problemOf(method, path, body) {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(path, { method, signal, ...(body && { body: JSON.stringify(body) }) });
    if (response.ok) return null;
    /** @type {{ message: string }} */
    const { message } = await response.json();
    return `The service refused: ${message}`;
  } catch {
    return 'That did not reach the service.';
  }
}

for (const button of modeButtons) {
  button.addEventListener('click', () => void send('PUT', '/control', { mode: button.dataset.mode }));
}
element('reset').addEventListener('click', () => void send('POST', '/control/reset'));
element('fail-next').addEventListener('submit', (event) => {
  event.preventDefault();
  void send('PUT', '/control', { failNext: failNextCount.valueAsNumber });
});

/** @param {ControlState} state */
function renderControl(state) {
  for (const button of modeButtons) button.setAttribute('aria-pressed', String(button.dataset.mode === state.mode));
  for (const slider of sliders) slider.render(state);
  element('fail-next-left').textContent = `${state.failNext} left`;
}

/** @type {Map<string, HTMLElement>} */
let rows = new Map();

/** @param {Snapshot} snapshot */
function renderRequests({ count, requests }) {
  const previousRows = rows;
  rows = new Map();
  for (const request of requests.toReversed()) {
    const key = `${request.sequence} ${request.at}`;
    const row = previousRows.get(key) ?? createRow(request);
    renderAnswer(row, request);
    rows.set(key, row);
  }
  element('count').textContent =
    count > requests.length ? `${count}, the last ${requests.length} shown` : String(count);
  element('requests').replaceChildren(...rows.values());
  element('requests').hidden = requests.length === 0;
  element('empty').hidden = requests.length > 0;
}

/** @param {LoggedRequest} request */
function createRow({ userId, gapMs, at }) {
  const row = part(document.importNode(rowTemplate.content, true), '.request', HTMLElement);
  const gap = part(row, '.gap-text', HTMLElement);
  gap.textContent = gapMs === null ? 'first' : `+${inWords(gapMs)}`;
  gap.classList.toggle('first', gapMs === null);
  const bar = part(row, '.gap-bar', HTMLElement);
  bar.style.width = gapMs === null || gapMs > FULL_BAR_MS ? '0' : `${(gapMs / FULL_BAR_MS) * 100}%`;
  const user = part(row, '.user', HTMLElement);
  user.textContent = userId;
  user.title = userId;
  part(row, '.when', HTMLElement).textContent = timeOfDay.format(new Date(at));
  return row;
}

/** @type {Readonly<Record<string, { text: string, kind: 'open' | 'good' | 'bad' }>>} */
const ANSWERS = {
  pending: { text: 'waiting', kind: 'open' },
  hanging: { text: 'hanging', kind: 'open' },
  reset: { text: 'reset', kind: 'bad' },
  'client-gone': { text: 'caller left', kind: 'open' },
  200: { text: '200', kind: 'good' },
  404: { text: '404', kind: 'good' },
};

/**
 * @param {HTMLElement} row
 * @param {LoggedRequest} request
 */
function renderAnswer(row, { answered, durationMs, mode }) {
  const answer = part(row, '.answer', HTMLElement);
  const { text, kind } = ANSWERS[answered] ?? { text: answered, kind: 'bad' };
  const malformed = mode === 'malformed' && answered === '200';
  answer.textContent = malformed ? 'malformed' : text;
  answer.dataset.kind = malformed ? 'bad' : kind;
  part(row, '.took', HTMLElement).textContent = durationMs === null ? '' : inWords(durationMs);
}

/**
 * Milliseconds where they matter; a pause of many seconds would not fit its column.
 *
 * @param {number} timeMs
 */
function inWords(timeMs) {
  return timeMs < 10_000 ? `${timeMs} ms` : `${Math.round(timeMs / 1000).toLocaleString('en')} s`;
}

/** @type {EventSource | undefined} */
let stream;
/** @type {number | undefined} */
let silence;
/**
 * The data of the last event that was shown.
 *
 * @type {string | undefined}
 */
let shown;

function connect() {
  stream?.close();
  stream = new EventSource('/control/requests/stream');
  stream.addEventListener('message', (/** @type {MessageEvent<string>} */ { data }) => {
    showContact('live', 'Live');
    expectNext();
    if (data === shown) return;
    shown = data;
    /** @type {Snapshot} */
    const snapshot = JSON.parse(data);
    renderControl(snapshot.control);
    renderRequests(snapshot);
  });
  stream.addEventListener('error', loseContact);
  expectNext();
}

/** A browser does not notice a dead link, and gives a stream up for good after some errors; so the page asks again itself. */
function expectNext() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    loseContact();
    connect();
  }, SILENCE_MS);
}

function loseContact() {
  showContact('lost', 'No contact. What you see is old; trying again…');
}

/**
 * @param {'live' | 'lost'} contact
 * @param {string} text
 */
function showContact(contact, text) {
  const status = element('contact');
  if (status.dataset.contact === contact) return;
  status.dataset.contact = contact;
  status.textContent = text;
  if (contact === 'live') element('refusal').hidden = true;
}

connect();
