/** A snapshot comes at least every two seconds; a silence of this length means that nobody is there. */
const SILENCE_MS = 5000;
/** How long a command may take. */
const ANSWER_MS = 3000;
/** The gap whose bar fills its column; a longer one is no retry and gets no bar. */
const FULL_BAR_MS = 800;

const element = (id) => document.getElementById(id);
const modeButtons = [...document.querySelectorAll('[data-mode]')];
const timeOfDay = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

const sliders = [
  createSlider('failure-rate', {
    field: 'failureRate',
    toState: (percent) => percent / 100,
    fromState: (share) => Math.round(share * 100),
    show: (percent) => `${percent} %`,
  }),
  createSlider('latency', {
    field: 'latencyMs',
    toState: (latencyMs) => latencyMs,
    fromState: (latencyMs) => latencyMs,
    show: (latencyMs) => `${latencyMs} ms`,
  }),
];

/** While a slider moves, the service follows it, one command at a time and always with the latest value. */
function createSlider(id, { field, toState, fromState, show }) {
  const input = element(id);
  const output = element(`${id}-value`);
  let sending = false;

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
      await send('PUT', '/control', { [field]: toState(sent) });
    } while (sent !== input.valueAsNumber);
    sending = false;
  };
  input.addEventListener('input', () => {
    showValue(input.valueAsNumber);
    void sendLatest();
  });

  return {
    render: (state) => {
      // What arrives now is older than the hand on the slider.
      if (sending) return;
      const value = fromState(state[field]);
      input.value = String(value);
      // The figure is the service's own, even where the slider has no room for it.
      showValue(value);
    },
  };
}

/** Sends a command; never rejects. What it has changed comes back through the stream, the only source of what is shown. */
async function send(method, path, body) {
  const problem = await problemOf(method, path, body);
  element('refusal').hidden = problem === null;
  if (problem === null) return;
  element('refusal').textContent = problem;
  // A slider may show what the service has not taken: the next snapshot puts it right, even if it is the same as the last.
  shown = undefined;
}

async function problemOf(method, path, body) {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(path, { method, signal, ...(body && { body: JSON.stringify(body) }) });
    return response.ok ? null : `The service refused: ${(await response.json()).message}`;
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
  void send('PUT', '/control', { failNext: element('fail-next-count').valueAsNumber });
});

function renderControl(state) {
  for (const button of modeButtons) button.setAttribute('aria-pressed', String(button.dataset.mode === state.mode));
  for (const slider of sliders) slider.render(state);
  element('fail-next-left').textContent = `${state.failNext} left`;
}

let rows = new Map();

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

function createRow({ userId, gapMs, at }) {
  const row = element('request').content.firstElementChild.cloneNode(true);
  const gap = row.querySelector('.gap-text');
  gap.textContent = gapMs === null ? 'first' : `+${inWords(gapMs)}`;
  gap.classList.toggle('first', gapMs === null);
  const bar = row.querySelector('.gap-bar');
  bar.style.width = gapMs === null || gapMs > FULL_BAR_MS ? '0' : `${(gapMs / FULL_BAR_MS) * 100}%`;
  const user = row.querySelector('.user');
  user.textContent = userId;
  user.title = userId;
  row.querySelector('.when').textContent = timeOfDay.format(new Date(at));
  return row;
}

const ANSWERS = {
  pending: { text: 'waiting', kind: 'open' },
  hanging: { text: 'hanging', kind: 'open' },
  reset: { text: 'reset', kind: 'bad' },
  'client-gone': { text: 'caller left', kind: 'open' },
  200: { text: '200', kind: 'good' },
  404: { text: '404', kind: 'good' },
};

function renderAnswer(row, { answered, durationMs, mode }) {
  const answer = row.querySelector('.answer');
  const { text, kind } = ANSWERS[answered] ?? { text: answered, kind: 'bad' };
  const malformed = mode === 'malformed' && answered === '200';
  answer.textContent = malformed ? 'malformed' : text;
  answer.dataset.kind = malformed ? 'bad' : kind;
  row.querySelector('.took').textContent = durationMs === null ? '' : inWords(durationMs);
}

/** Milliseconds where they matter; a pause of many seconds would not fit its column. */
function inWords(timeMs) {
  return timeMs < 10_000 ? `${timeMs} ms` : `${Math.round(timeMs / 1000).toLocaleString('en')} s`;
}

let stream;
let silence;
let shown;

function connect() {
  stream?.close();
  stream = new EventSource('/control/requests/stream');
  stream.addEventListener('message', ({ data }) => {
    showContact('live', 'Live');
    expectNext();
    if (data === shown) return;
    shown = data;
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

function showContact(contact, text) {
  const status = element('contact');
  if (status.dataset.contact === contact) return;
  status.dataset.contact = contact;
  status.textContent = text;
  if (contact === 'live') element('refusal').hidden = true;
}

connect();
