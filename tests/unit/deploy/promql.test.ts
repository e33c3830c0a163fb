import { describe, expect, it } from '@jest/globals';
import { namesIn } from '../../helpers/promql.ts';

describe('namesIn', () => {
  it.each([
    ['up', [['up']], []],
    ['rate(a_total{job="x", status=~"5..", path!~"}by(z)"}[5m])', [['a_total', 'job', 'status', 'path']], []],
    ['sum by (job, le) (rate(b_bucket[5m])) > 1e3', [['b_bucket']], ['job', 'le']],
    ['sum(c) without(pod)', [['c']], ['pod']],
    ['a:b:rate5m / on(job) group_left d and up offset 5m or vector(0)', [['a:b:rate5m'], ['d'], ['up']], ['job']],
  ])('%s', (expression, selectors, groupings) => {
    expect(namesIn(expression)).toEqual({
      selectors: selectors.map(([metric, ...labels]) => ({ metric, labels })),
      groupings,
    });
  });
});
