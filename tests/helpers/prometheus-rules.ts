import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { repositoryRoot } from './child-process.ts';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

/** A file below deploy/. */
export const readDeployed = (file: string) => readFileSync(join(repositoryRoot, 'deploy', file), 'utf8');

const documentsIn = <T>(folder: string) =>
  readdirSync(join(repositoryRoot, 'deploy', folder)).map((file) => load(readDeployed(`${folder}/${file}`)) as T);

const rules = documentsIn<{ groups: { rules: (AlertRule | RecordingRule)[] }[] }>('prometheus/rules')
  .flatMap(({ groups }) => groups)
  .flatMap((group) => group.rules);

export const alertRules = rules.filter((rule) => 'alert' in rule);
export const recordingRules = rules.filter((rule) => 'record' in rule);

/** What deploy/prometheus/tests expects of alerts. */
export const alertTests = documentsIn<{ tests: { alert_rule_test?: AlertTest[] }[] }>('prometheus/tests')
  .flatMap(({ tests }) => tests)
  .flatMap(({ alert_rule_test: checks = [] }) => checks);
