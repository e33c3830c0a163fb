import { rememberedInTab } from './remembered.js';

const KEY = 'ops-token';
/**
 * For where the browser remembers nothing.
 *
 * @type {string | null}
 */
let given = null;

export const opsToken = {
  /** Null: none has been given in this tab. */
  get: () => given ?? rememberedInTab.get(KEY),
  /** @param {string} token */
  set(token) {
    given = token;
    rememberedInTab.set(KEY, token);
  },
};
