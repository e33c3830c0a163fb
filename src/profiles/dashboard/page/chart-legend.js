import { OUTCOMES } from './chart-geometry.js';
import { html, say } from './dom.js';
import { entriesOf } from './entries-of.js';
import { timeOfDay } from './figures.js';

/**
 * What the colours of a plot mean, and the figures of one second of it.
 *
 * @template {string} Series
 * @param {string} title
 * @param {Readonly<Record<Series, string>>} names
 * @param {string} className
 */
export function createLegend(title, names, className) {
  const node = html('div');
  node.className = className;
  const heading = html('h3', title);
  node.append(heading);
  const values = entriesOf(names).map(([series, name]) => {
    const entry = html('div');
    entry.dataset.series = series;
    const key = html('span');
    key.className = OUTCOMES.some((outcome) => outcome === series) ? 'key' : 'key key-line';
    const value = html('strong', '–');
    entry.append(key, html('span', name), value);
    node.append(entry);
    return { series, value };
  });
  return {
    node,
    /**
     * @param {number | null} at milliseconds since 1970; null: now
     * @param {(series: Series) => string} valueOf
     */
    render(at, valueOf) {
      say(heading, at === null ? title : `${title}, at ${timeOfDay(at)}`);
      for (const { series, value } of values) say(value, valueOf(series));
    },
  };
}
