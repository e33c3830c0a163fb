/** A metric that a PromQL expression reads, with the labels by which it chooses among its series. */
export interface MetricSelector {
  readonly metric: string;
  readonly labels: readonly string[];
}

export interface PromqlNames {
  readonly selectors: readonly MetricSelector[];
  /** What `by`, `without`, `on`, `ignoring` and the `group_` modifiers list. */
  readonly groupings: readonly string[];
}

const tokens = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|\d[\w.]*|[a-zA-Z_:][\w:]*|\S/g;
const isName = (token: string) => /^[a-zA-Z_:]/.test(token);
const operators = new Set(['and', 'or', 'unless', 'bool', 'offset']);
const aggregations = new Set(['by', 'without']);
const modifiers = new Set([...aggregations, 'on', 'ignoring', 'group_left', 'group_right']);

/** The names in an expression whose syntax is right (promtool checks that): no parser, it only tells names apart. */
export function namesIn(expression: string): PromqlNames {
  const found: readonly string[] = expression.match(tokens) ?? [];
  const selectors: MetricSelector[] = [];
  const groupings: string[] = [];

  for (let index = 0; index < found.length; index += 1) {
    const token = found[index] ?? '';
    const next = found[index + 1] ?? '';
    const isModifier = modifiers.has(token);
    if (isModifier && next === '(') {
      const end = found.indexOf(')', index);
      groupings.push(...found.slice(index, end).slice(1).filter(isName));
      index = end;
    } else if (next === '{') {
      const end = found.indexOf('}', index);
      selectors.push({ metric: token, labels: found.slice(index, end).slice(1).filter(isName) });
      index = end;
    } else if (isName(token) && !isModifier && !operators.has(token) && next !== '(' && !aggregations.has(next)) {
      selectors.push({ metric: token, labels: [] });
    }
  }
  return { selectors, groupings };
}
