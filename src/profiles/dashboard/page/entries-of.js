/**
 * The entries of an object, whose keys keep their types.
 *
 * @template {object} Keyed
 * @param {Keyed} keyed
 */
export function entriesOf(keyed) {
  const entries = [];
  for (const key in keyed) entries.push(/** @type {const} */ ([key, keyed[key]]));
  return entries;
}
