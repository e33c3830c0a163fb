import { ask, command } from './commands.js';
import { element, html } from './dom.js';

const PATH = '/ops/provider';
const MODES = {
  healthy: ['Healthy', 'Sends the data at once'],
  failing: ['Failing', 'Always an error, 500'],
  flaky: ['Flaky', 'Fails now and then, at the rate set below'],
  slow: ['Slow', 'Sends the data after the latency set below'],
  hanging: ['Hanging', 'Takes the request, never answers'],
  reset: ['Reset', 'Drops the connection'],
  'rate-limited': ['Rate-limited', '“Too many requests”, 429'],
  'not-found': ['Not found', 'Knows no such user, 404'],
  malformed: ['Malformed', 'Says 200, sends broken JSON'],
};
/** Somebody else may change it on the provider's own page. */
const REFRESH_MS = 5000;

/** The modes and sliders of the provider that stands in for the real one. */
export function createProviderControls() {
  const buttons = Object.entries(MODES).map(([mode, [name, meaning]]) => {
    const button = html('button', name);
    button.type = 'button';
    button.title = meaning;
    button.dataset.mode = mode;
    button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', () => void change({ mode }));
    return button;
  });
  element('modes').append(...buttons);
  const sliders = [
    createSlider('failure-rate', 'failureRate', 100, (percent) => `${percent} %`),
    createSlider('latency', 'latencyMs', 1, (latencyMs) => `${latencyMs} ms`),
  ];
  let refresh;
  /** Null: not known yet. Another service than the mock at the provider's address takes no controls, and is left alone. */
  let isMock = null;

  const render = (state) => {
    if (state === null) return;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.mode === state.mode));
    for (const slider of sliders) slider.render(state);
  };
  async function change(changes) {
    render(await command('PUT', PATH, changes));
  }
  async function fetchState() {
    if (document.hidden) return;
    const { answer, code } = await ask('GET', PATH);
    if (answer !== null) isMock = true;
    else if (isMock === null && code === 'provider-not-controllable') isMock = false;
    render(answer);
  }

  /** While a slider moves, the provider follows it, one command at a time and always with the latest value. */
  function createSlider(id, field, scale, show) {
    const input = element(id);
    const output = element(`${id}-value`);
    let isSending = false;
    const showValue = (value) => {
      output.textContent = show(value);
      input.setAttribute('aria-valuetext', show(value));
    };
    const sendLatest = async () => {
      if (isSending) return;
      isSending = true;
      let sent;
      do {
        sent = input.valueAsNumber;
        await change({ [field]: sent / scale });
      } while (sent !== input.valueAsNumber);
      isSending = false;
    };
    input.addEventListener('input', () => {
      showValue(input.valueAsNumber);
      void sendLatest();
    });
    return {
      render(state) {
        // What arrives now is older than the hand on the slider.
        if (isSending) return;
        const value = Math.round(state[field] * scale);
        input.value = String(value);
        showValue(value);
      },
    };
  }

  return {
    render({ controls }) {
      const isOffered = controls.provider && isMock !== false;
      element('provider').hidden = !isOffered;
      if (!isOffered) {
        refresh = clearInterval(refresh);
      } else if (refresh === undefined) {
        refresh = setInterval(() => void fetchState(), REFRESH_MS);
        void fetchState();
      }
    },
  };
}
