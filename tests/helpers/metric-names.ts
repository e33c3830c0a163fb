import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './child-process.ts';
import { recordingRules } from './prometheus-rules.ts';
import { namesIn } from './promql.ts';

const playbook = join(repositoryRoot, 'docs/operations.md');

/** What docs/operations.md says; the playbook for operators. */
export const operationsDocument = existsSync(playbook) ? readFileSync(playbook, 'utf8') : '';

type Labelled = readonly [metric: string, labels: readonly string[]];

/** What Prometheus and its scrapes add of themselves. */
const builtIn: readonly Labelled[] = [
  ['up', []],
  ['ALERTS', ['alertname', 'alertstate', 'severity']],
];
const addedByScrape = ['job', 'instance'];

/** The metrics of the playbook's table, whose rows begin with name and labels in backticks and the type, as series. */
const documented = [...operationsDocument.matchAll(/^\| `(\w+)(?:\{([\w, ]*)\})?` \| (\w+) \|/gm)].flatMap(
  ([, name = '', list = '', type = '']): Labelled[] => {
    const labels = list.split(',').map((label) => label.trim());
    return type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]];
  },
);
const recorded = new Set(recordingRules.map(({ record }) => record));
const known = new Map<string, readonly string[]>([...documented, ...builtIn]);
const knownLabels = new Set([...addedByScrape, 'quantile', ...[...known.values()].flat()]);

/** What an expression asks for that neither the playbook's table nor a recording rule has. */
export function unknownNamesIn(expression: string): string[] {
  const { selectors, groupings } = namesIn(expression);
  return [
    ...selectors.flatMap(({ metric, labels }) => {
      // Which labels a recorded series has is up to its expression, whose own names are checked.
      const own = recorded.has(metric) ? [...knownLabels] : known.get(metric);
      if (own === undefined) return [metric];
      return labels
        .filter((label) => !own.includes(label) && !addedByScrape.includes(label))
        .map((label) => `${metric}{${label}}`);
    }),
    ...groupings.filter((label) => !knownLabels.has(label)).map((label) => `by (${label})`),
  ];
}

/** The metrics of the service that an expression needs, without what Prometheus makes itself. */
export function serviceMetricsIn(expression: string): string[] {
  const makes = new Set([...builtIn.map(([name]) => name), ...recorded]);
  return namesIn(expression)
    .selectors.map(({ metric }) => metric)
    .filter((metric) => !makes.has(metric));
}
