import { command } from './commands.js';
import { element, say } from './dom.js';
import { remembered } from './remembered.js';

const KEY = 'operator';

/** Makes the command of a breaker's buttons; the log says who it was. */
export function createBreakerControls() {
  const operator = element('operator');
  operator.value = remembered.get(KEY) ?? '';
  operator.addEventListener('input', () => {
    remembered.set(KEY, operator.value.trim());
    operator.removeAttribute('aria-invalid');
    say(element('refusal'), '');
  });

  return {
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
    render({ controls }) {
      element('operator-field').hidden = !controls.breakers;
    },
  };
}
