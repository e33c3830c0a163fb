import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { dashboardExpressions } from '../../helpers/grafana-dashboard.ts';
import { operationsDocument, unknownNamesIn } from '../../helpers/metric-names.ts';
import { alertRules, alertTests, readDeployed, recordingRules } from '../../helpers/prometheus-rules.ts';
import { namesIn } from '../../helpers/promql.ts';

/** The four names that other teams' dashboards and reports go by. */
const houseNames = ['total_requests', 'success_count', 'failure_count', 'request_latency_ms'];

describe('An unknown name', () => {
  it.each([
    ['http_requests_sum', ['http_requests_sum']],
    ['rate(http_requests_total{code="500"}[5m])', ['http_requests_total{code}']],
    ['sum by (dependancy) (dependency_calls_total)', ['by (dependancy)']],
    ['job:http_requests:rate1s', ['job:http_requests:rate1s']],
    ['sum by (le) (http_request_duration_seconds_bucket{le="1",job="profiles"})', []],
  ])('is found in %s', (expression, unknown) => {
    expect(unknownNamesIn(expression)).toEqual(unknown);
  });
});

describe.each(alertRules.map((rule) => [rule.alert, rule] as const))('The alert %s', (name, rule) => {
  it('says how urgent it is, what has happened, and where its runbook entry is', () => {
    expect(name).toMatch(/^Profiles[A-Z]\w+$/);
    expect(rule.labels).toEqual({ severity: expect.stringMatching(/^(?:page|warning)$/) });
    expect(rule.annotations).toEqual({
      summary: expect.stringMatching(/\.$/),
      description: expect.stringMatching(/\.$/),
      runbook_url: `docs/operations.md#${name.toLowerCase()}`,
    });
    expect(operationsDocument).toMatch(new RegExp(`^#+ ${name}$`, 'm'));
  });

  it('has a runbook entry that says what users see, where to look and what to do', () => {
    const [, entry] = new RegExp(`^### ${name}\n([^]*?)^##`, 'm').exec(operationsDocument) ?? [];
    expect([...(entry ?? '').matchAll(/\*\*(\w[\w ]+):?\*\*/g)].map(([, part]) => part)).toEqual([
      'Users see',
      'Look',
      'Do',
    ]);
    expect(entry).toMatch(rule.labels['severity'] === 'page' ? /^\s*\*Page\.\* / : /^\s*\*Warning\.\* /);
  });

  it('asks for metrics that the playbook lists', () => {
    expect(unknownNamesIn(rule.expr)).toEqual([]);
  });

  it('is tested to fire, and not to', () => {
    const fires = alertTests.filter((test) => test.alertname === name).map((test) => test.exp_alerts.length > 0);
    expect(new Set(fires)).toEqual(new Set([true, false]));
  });
});

describe('The recording rules', () => {
  it('ask for metrics that the playbook lists', () => {
    expect(recordingRules.flatMap(({ expr }) => unknownNamesIn(expr))).toEqual([]);
  });

  it('record what an alert, the dashboard, or another rule uses, and the four names', () => {
    const expressions = [...alertRules, ...recordingRules].map(({ expr }) => expr);
    const used = new Set(
      [...expressions, ...dashboardExpressions].flatMap((expr) => namesIn(expr).selectors.map(({ metric }) => metric)),
    );
    const recorded = new Set(recordingRules.map(({ record }) => record));
    expect([...recorded].filter((name) => !used.has(name) && !houseNames.includes(name))).toEqual([]);
    expect([...recorded]).toEqual(expect.arrayContaining(houseNames));
  });
});

describe('prometheus.yml', () => {
  it('gives the service the job name that alerts select', () => {
    const { scrape_configs: jobs } = load(readDeployed('prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string }[];
    };
    const selected = alertRules.flatMap(({ expr }) => [...expr.matchAll(/job="(\w+)"/g)].map(([, job]) => job));
    expect(new Set(selected)).toEqual(new Set(['profiles']));
    expect(jobs.map(({ job_name: job }) => job)).toContain('profiles');
  });
});
