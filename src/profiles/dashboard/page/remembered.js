/**
 * What the page remembers in the browser. Where that is forbidden it remembers nothing, and works.
 *
 * @param {() => Storage} storage which may throw
 */
function rememberedIn(storage) {
  return {
    /** @param {string} key */
    get(key) {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    /**
     * @param {string} key
     * @param {string} value
     */
    set(key, value) {
      try {
        storage().setItem(key, value);
      } catch {
        // It is asked for anew the next time.
      }
    },
  };
}

export const remembered = rememberedIn(() => localStorage);
export const rememberedInTab = rememberedIn(() => sessionStorage);
