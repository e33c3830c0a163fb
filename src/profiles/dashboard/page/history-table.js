import { tableRows } from './chart-geometry.js';
import { element, html } from './dom.js';
import { entriesOf } from './entries-of.js';
import { count, duration, timeOfDay } from './figures.js';
import { OUTCOME_NAMES, PERCENTILE_NAMES } from './words.js';

/** @import { Edge, HistoryPoint } from '../resilience-snapshot.ts' */

/**
 * The text alternative of the chart.
 *
 * @param {readonly HistoryPoint[]} points
 * @param {Edge} edge
 */
export function drawTable(points, edge) {
  const outcomes = entriesOf(OUTCOME_NAMES);
  const percentiles = entriesOf(PERCENTILE_NAMES);
  const head = html('tr');
  head.append(headCell('col', 'From'), ...[...outcomes, ...percentiles].map(([, name]) => headCell('col', name)));
  element('history-head').replaceChildren(head);
  element('history-rows').replaceChildren(
    ...tableRows(points, edge).map(({ at, row }) => {
      const line = html('tr');
      line.append(
        headCell('row', timeOfDay(at)),
        ...outcomes.map(([outcome]) => html('td', count(row[outcome]))),
        ...percentiles.map(([percentile]) => html('td', duration(row[percentile]))),
      );
      return line;
    }),
  );
}

/**
 * @param {'col' | 'row'} scope
 * @param {string} text
 */
function headCell(scope, text) {
  const cell = html('th', text);
  cell.scope = scope;
  return cell;
}
