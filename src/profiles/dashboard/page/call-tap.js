import { element, fromTemplate, part, say, showState, svg } from './dom.js';
import { duration, timeOfDay } from './figures.js';
import { CALL_OUTCOMES } from './words.js';

/**
 * @import { CallStep, TappedCall } from '../resilience-snapshot.ts'
 * @import { History } from './snapshot-history.js'
 */

/** A scale shorter than this would make long bars of calls that were quick. */
const SCALE_MS_MIN = 1000;
const MIDDLE = 11;
const BAR_HEIGHT = 8;
/** A wait narrower than this has no room for its number, in pixels. */
const WAIT_TEXT_MIN = 22;
const COPIED_MS = 1500;

/** The last enrichment calls, each as a time line on the scale that is common to all. */
export function createCallTap() {
  const list = element('calls');
  const pause = element('calls-pause');
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  let rows = new Map();
  /** @type {readonly TappedCall[]} */
  let calls = [];
  let isPaused = false;

  const draw = () => {
    const scaleMs = Math.max(SCALE_MS_MIN, ...calls.map(({ durationMs }) => durationMs));
    const before = rows;
    rows = new Map();
    for (const call of calls.toReversed()) {
      const key = `${call.number} ${call.at}`;
      rows.set(key, before.get(key) ?? createRow(call));
    }
    const shown = [...rows.values()];
    if (shown.length !== list.children.length || shown[0]?.node !== list.firstElementChild) {
      list.replaceChildren(...shown.map(({ node }) => node));
    }
    list.hidden = shown.length === 0;
    element('calls-empty').hidden = shown.length > 0;
    const width = shown[0]?.width() ?? 0;
    for (const row of shown) row.drawLine(scaleMs, width);
  };

  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', String(isPaused));
  });
  new ResizeObserver(draw).observe(list);

  return {
    /** @param {History} history */
    render(history) {
      if (isPaused) return;
      calls = history.calls;
      draw();
    },
  };
}

/** @param {TappedCall} call */
function createRow(call) {
  const node = fromTemplate('call');
  const line = part(node, '.call-line', SVGElement);
  const time = part(node, '.call-time', HTMLTimeElement);
  time.textContent = timeOfDay(call.at);
  time.dateTime = new Date(call.at).toISOString();
  line.setAttribute('aria-label', stepsInWords(call));
  showState(part(node, '.call-outcome', HTMLElement), CALL_OUTCOMES[call.outcome]);
  part(node, '.call-duration', HTMLElement).textContent = duration(call.durationMs);
  const user = part(node, '.call-user', HTMLElement);
  user.textContent = call.userId;
  user.title = call.userId;
  showRequest(part(node, '.call-request', HTMLElement), call.requestId);

  /** @type {string | undefined} */
  let drawn;
  return {
    node,
    width: () => line.getBoundingClientRect().width,
    /**
     * @param {number} scaleMs
     * @param {number} width in pixels
     */
    drawLine(scaleMs, width) {
      if (drawn === `${scaleMs} ${width}`) return;
      drawn = `${scaleMs} ${width}`;
      line.replaceChildren(
        ...(call.steps.length === 0
          ? [svg('text', { class: 'step-none', x: 0, y: MIDDLE + 4 }, 'no attempt')]
          : call.steps.map(stepShape(scaleMs, width))),
      );
    },
  };
}

/**
 * @param {HTMLElement} cell
 * @param {string | null} requestId
 */
function showRequest(cell, requestId) {
  const button = part(cell, 'button', HTMLElement);
  const code = part(cell, 'code', HTMLElement);
  code.textContent = requestId ?? 'no request';
  button.hidden = requestId === null;
  if (requestId === null) return;
  code.title = requestId;
  button.setAttribute('aria-label', `Copy the request id ${requestId}`);
  button.addEventListener('click', async () => {
    // Without a secure context there is no clipboard, and it may be refused; the id can be selected still.
    const isCopied = await navigator.clipboard?.writeText(requestId).then(
      () => true,
      () => false,
    );
    say(button, isCopied ? 'Copied' : 'Select it');
    setTimeout(() => say(button, 'Copy'), COPIED_MS);
  });
}

/**
 * @param {number} scaleMs
 * @param {number} width in pixels
 */
function stepShape(scaleMs, width) {
  return (/** @type {CallStep} */ step) => {
    const x = (step.fromMs / scaleMs) * width;
    const length = (step.durationMs / scaleMs) * width;
    const group = svg('g', {});
    if (step.kind === 'wait') {
      group.append(svg('line', { class: 'step-wait', x1: x, x2: x + length, y1: MIDDLE, y2: MIDDLE }));
      if (length >= WAIT_TEXT_MIN) {
        const text = { class: 'step-text', x: x + length / 2, y: MIDDLE - 4 };
        group.append(svg('text', text, String(Math.round(step.durationMs))));
      }
      return group;
    }
    const bar = {
      class: 'step-attempt',
      'data-tone': CALL_OUTCOMES[step.outcome].tone,
      x: Math.min(x, width - 3),
      y: MIDDLE - BAR_HEIGHT / 2,
      width: Math.max(3, length),
      height: BAR_HEIGHT,
      rx: 2,
    };
    group.append(svg('title', {}, stepInWords(step)), svg('rect', bar));
    return group;
  };
}

/** @param {TappedCall} call */
function stepsInWords({ steps }) {
  return steps.length === 0 ? 'No attempt was made.' : steps.map(stepInWords).join('; ');
}

/** @param {CallStep} step */
function stepInWords(step) {
  if (step.kind === 'wait') return `wait ${duration(step.durationMs)}`;
  const status = step.status === null ? '' : `, status ${step.status}`;
  return `attempt ${step.outcome} (${step.detail}${status}) after ${duration(step.durationMs)}`;
}
