import { readDeployed } from './prometheus-rules.ts';

interface Target {
  readonly refId: string;
  readonly expr: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

export const dashboard = JSON.parse(readDeployed('grafana/dashboards/profiles.json')) as Dashboard;

/** Every expression of the dashboard, with its variables filled in. */
export const dashboardExpressions: readonly string[] = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets),
  ...dashboard.annotations.list,
].map(({ expr }) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'profiles').replaceAll('$instance', '.*'),
);
