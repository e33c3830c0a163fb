import { ask, command } from './commands.js';
import { element, html, input } from './dom.js';
import { entriesOf } from './entries-of.js';

/**
 * @import { ProviderChanges, ProviderState } from '../provider-state.ts'
 * @import { ResilienceSnapshot } from '../resilience-snapshot.ts'
 *
 * @typedef {object} SliderMeaning what the numbers of a slider are to the provider, and in words
 * @property {(value: number) => ProviderChanges} toChanges
 * @property {(state: ProviderState) => number} fromState
 * @property {(value: number) => string} show
 */

const PATH = '/ops/provider';
/** @satisfies {Record<string, readonly [name: string, meaning: string]>} */
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
  const buttons = entriesOf(MODES).map(([mode, [name, meaning]]) => {
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
  /** @type {number | undefined} */
  let refresh;
  /**
   * Null: not known yet. Another service than the mock at the provider's address takes no controls, and is left alone.
   *
   * @type {boolean | null}
   */
  let isMock = null;

  /** @param {ProviderState | null} state */
  const render = (state) => {
    if (state === null) return;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.mode === state.mode));
    for (const slider of sliders) slider.render(state);
  };
  /** @param {ProviderChanges} changes */
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

  /**
   * While a slider moves, the provider follows it, one command at a time and always with the latest value.
   *
   * @param {string} id
   * @param {SliderMeaning} meaning
   */
  function createSlider(id, { toChanges, fromState, show }) {
    const slider = input(id);
    const output = element(`${id}-value`);
    let isSending = false;
    /** @param {number} value */
    const showValue = (value) => {
      output.textContent = show(value);
      slider.setAttribute('aria-valuetext', show(value));
    };
    const sendLatest = async () => {
      if (isSending) return;
      isSending = true;
      let sent;
      do {
        sent = slider.valueAsNumber;
        await change(toChanges(sent));
      } while (sent !== slider.valueAsNumber);
      isSending = false;
    };
    slider.addEventListener('input', () => {
      showValue(slider.valueAsNumber);
      void sendLatest();
    });
    return {
      /** @param {ProviderState} state */
      render(state) {
        // What arrives now is older than the hand on the slider.
        if (isSending) return;
        const value = fromState(state);
        slider.value = String(value);
        showValue(value);
      },
    };
  }

  return {
    /** @param {ResilienceSnapshot} snapshot */
    render({ controls }) {
      const isOffered = controls.provider && isMock !== false;
      element('provider').hidden = !isOffered;
      if (!isOffered) {
        clearInterval(refresh);
        refresh = undefined;
      } else if (refresh === undefined) {
        refresh = setInterval(() => void fetchState(), REFRESH_MS);
        void fetchState();
      }
    },
  };
}
