import { command } from './commands.js';
import { element, input, say } from './dom.js';
import { remembered } from './remembered.js';

/**
 * @import { BreakerName, ResilienceSnapshot } from '../resilience-snapshot.ts'
 * @import { BreakerAction } from './breaker-cards.js'
 */

const KEY = 'operator';

/** Makes the command of a breaker's buttons; the log says who it was. */
export function createBreakerControls() {
  const operator = input('operator');
  operator.value = remembered.get(KEY) ?? '';
  operator.addEventListener('input', () => {
    remembered.set(KEY, operator.value.trim());
    operator.removeAttribute('aria-invalid');
    say(element('refusal'), '');
  });

  return {
    /**
     * @param {BreakerName} name
     * @param {BreakerAction} action
     */
    async control(name, action) {
      const by = operator.value.trim();
      if (by === '') {
        operator.setAttribute('aria-invalid', 'true');
        say(element('refusal'), 'Say who you are first: the log keeps it.');
        operator.focus();
        return;
      }
      await command('PUT', `/ops/breakers/${name}`, { action, by });
    },
    /** @param {ResilienceSnapshot} snapshot */
    render({ controls }) {
      element('operator-field').hidden = !controls.breakers;
    },
  };
}
