import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { dashboard, dashboardExpressions, type Panel } from '../../helpers/grafana-dashboard.ts';
import { unknownNamesIn } from '../../helpers/metric-names.ts';
import { readDeployed } from '../../helpers/prometheus-rules.ts';

const panels = dashboard.panels;
const graphs = panels.filter(({ type }) => type !== 'row');

describe('The dashboard', () => {
  it('asks for metrics that the playbook lists or a rule records', () => {
    expect(dashboardExpressions.length).toBeGreaterThan(30);
    expect(dashboardExpressions.flatMap(unknownNamesIn)).toEqual([]);
  });

  it('leaves no variable of Grafana unfilled when it is tested', () => {
    expect(dashboardExpressions.filter((expression) => expression.includes('$'))).toEqual([]);
  });

  it('asks the data source that is chosen, and names only variables that it has', () => {
    const text = JSON.stringify(dashboard);
    const named = new Set([...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name));
    expect(named).toEqual(new Set(dashboard.templating.list.map(({ name }) => name)));
    const uids = new Set([...text.matchAll(/"uid":"([^"]+)"/g)].map(([, uid]) => uid));
    expect(uids).toEqual(new Set([dashboard.uid, '${datasource}']));
  });

  it('says of each panel what it shows, once', () => {
    expect(graphs.filter(({ description = '' }) => !description.endsWith('.'))).toEqual([]);
    expect(new Set(graphs.map(({ title }) => title)).size).toBe(graphs.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('has no panels over one another or beyond the edge', () => {
    const overlaps = (a: Panel, b: Panel) =>
      a.gridPos.x < b.gridPos.x + b.gridPos.w &&
      b.gridPos.x < a.gridPos.x + a.gridPos.w &&
      a.gridPos.y < b.gridPos.y + b.gridPos.h &&
      b.gridPos.y < a.gridPos.y + a.gridPos.h;
    const titles = panels.flatMap((a) =>
      panels.filter((b) => a.id < b.id && overlaps(a, b)).map((b) => [a.title, b.title]),
    );
    expect(titles).toEqual([]);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});

describe('The provisioning of Grafana', () => {
  it('has the data source that the dashboard takes by default', () => {
    const { datasources } = load(readDeployed('grafana/provisioning/datasources/datasources.yml')) as {
      datasources: { uid: string; type: string; isDefault?: boolean }[];
    };
    expect(datasources.filter(({ isDefault }) => isDefault === true)).toMatchObject([
      { uid: 'prometheus', type: 'prometheus' },
    ]);
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', current: { text: 'Prometheus', value: 'prometheus' } }),
    );
  });
});
