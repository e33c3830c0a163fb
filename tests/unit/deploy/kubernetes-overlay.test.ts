import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { IService } from 'kubernetes-models/v1/Service';
import { databaseConfig, profilesConfig } from '../../../src/profiles/index.ts';
import { repositoryRoot } from '../../helpers/child-process.ts';
import {
  kubectlMissing,
  type Manifest,
  manifestsIn,
  render,
  typeErrorsIn,
  violationsOf,
} from '../../helpers/kubernetes-manifests.ts';
import { find } from '../../helpers/openapi-document.ts';
import { describeWith } from '../../helpers/services.ts';

const example = 'overlays/example';
const secretFile = join(repositoryRoot, 'deploy/kubernetes', example, 'secret.example.yaml');

/** What MySQL and MariaDB allow unless they are told otherwise. */
const databaseConnectionsMax = 151;

const missing = await kubectlMissing();
const manifests = missing === null ? await render(example) : [];

interface Kinds {
  readonly ConfigMap: IConfigMap;
  readonly Deployment: IDeployment;
  readonly HorizontalPodAutoscaler: IHorizontalPodAutoscaler;
  readonly Job: IJob;
  readonly NetworkPolicy: INetworkPolicy;
  readonly PodDisruptionBudget: IPodDisruptionBudget;
  readonly Service: IService;
}

/** The only one of its kind and, where there are several, name. */
function the<K extends keyof Kinds>(kind: K, name?: string): Kinds[K] {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  expect(found).toHaveLength(1);
  return found[0] as Kinds[K];
}

const includes = (labels: object | undefined, selector: object | undefined) =>
  Object.entries(selector ?? {}).every(([name, value]) =>
    Object.entries(labels ?? {}).some(([n, v]) => n === name && v === value),
  );

describeWith(missing, 'The overlay for Kubernetes', () => {
  const deployment = () => the('Deployment');
  const job = () => the('Job');
  const pods = () => [deployment().spec?.template, job().spec?.template];
  const api = () => {
    const [container, ...others] = deployment().spec?.template.spec?.containers ?? [];
    expect(others).toEqual([]);
    return container;
  };
  const settings = () => the('ConfigMap').data ?? {};
  const secret = () => {
    const [manifest] = manifestsIn(readFileSync(secretFile, 'utf8')) as (Manifest & ISecret)[];
    return manifest?.stringData ?? {};
  };
  const config = () => profilesConfig({ ...settings(), ...secret() });

  it('builds to manifests that conform, as does its base', async () => {
    for (const built of [manifests, await render('base')]) {
      expect(built.length).toBeGreaterThan(8);
      expect(built.flatMap(violationsOf)).toEqual([]);
      expect(await typeErrorsIn(built)).toBe('');
    }
  });

  it('puts everything into one namespace under one name, and holds no secret', () => {
    for (const { kind, metadata } of manifests) {
      expect({ kind, ...metadata }).toMatchObject({
        namespace: 'profiles',
        labels: { 'app.kubernetes.io/name': 'profiles' },
      });
    }
    expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('gives the service settings that it takes, by names that it finds', () => {
    expect(config()).toMatchObject({ opsToken: secret()['OPS_TOKEN'], rateLimitPerMinute: 600 });
    expect(databaseConfig(secret()).location).toMatchObject({ host: 'HOST' });
    expect(api()?.envFrom).toEqual([
      { configMapRef: { name: the('ConfigMap').metadata?.name } },
      { secretRef: { name: 'profiles-secrets' } },
    ]);
    expect(job().spec?.template.spec?.containers[0]?.env).toEqual([
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'profiles-secrets', key: 'DATABASE_URL' } } },
    ]);
  });

  it('selects the pods of the API, and not those of the migration', () => {
    const labels = deployment().spec?.template.metadata?.labels;
    const budget = the('PodDisruptionBudget');
    for (const selector of [
      deployment().spec?.selector.matchLabels,
      the('Service').spec?.selector,
      budget.spec?.selector?.matchLabels,
      the('NetworkPolicy', 'profiles-api').spec?.podSelector?.matchLabels,
    ]) {
      expect(Object.keys(selector ?? {})).not.toEqual([]);
      expect(includes(labels, selector)).toBe(true);
      expect(includes(job().spec?.template.metadata?.labels, selector)).toBe(false);
    }
    const forAll = the('NetworkPolicy', 'profiles').spec?.podSelector?.matchLabels;
    expect(pods().map((pod) => includes(pod?.metadata?.labels, forAll))).toEqual([true, true]);
    expect(the('HorizontalPodAutoscaler').spec?.scaleTargetRef).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: deployment().metadata?.name,
    });
    expect(deployment().spec?.replicas).toBeUndefined();
  });

  it('leads to the port that the service listens on, at paths that it has', () => {
    const { port } = config();
    expect(api()?.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(the('Service').spec?.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
    expect(the('NetworkPolicy', 'profiles-api').spec?.ingress).toEqual([{ ports: [{ protocol: 'TCP', port }] }]);
    const probes = [api()?.startupProbe, api()?.livenessProbe, api()?.readinessProbe];
    expect(probes.map((probe) => probe?.httpGet)).toEqual([
      { path: '/health', port: 'http' },
      { path: '/health', port: 'http' },
      { path: '/ready', port: 'http' },
    ]);
    for (const probe of probes) expect(find('paths', String(probe?.httpGet?.path), 'get')).toBeDefined();
  });

  it('lets pods reach what their settings name', () => {
    const portsOf = (name: string) =>
      (the('NetworkPolicy', name).spec?.egress ?? []).flatMap(({ ports = [] }) => ports).map(({ port }) => port);
    const addresses = Object.entries(settings()).filter(([, value]) => URL.canParse(value));
    expect(addresses.map(([name]) => name).sort()).toEqual([
      'ENRICHMENT_URL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'REDIS_URL',
    ]);
    const ports = addresses.map(([, value]) => Number(new URL(value).port));
    expect(new Set(portsOf('profiles-api'))).toEqual(new Set(ports));
    expect(portsOf('profiles')).toEqual([53, 53, Number(new URL(secret()['DATABASE_URL'] ?? '').port)]);
  });

  it('leaves a stopping pod the time that it takes', () => {
    const { shutdownGraceMs } = config();
    const graceMs = 1_000 * Number(deployment().spec?.template.spec?.terminationGracePeriodSeconds);
    expect(graceMs).toBeGreaterThanOrEqual(shutdownGraceMs + 5_000);
  });

  it('needs no more connections than a database allows', () => {
    const maxReplicas = the('HorizontalPodAutoscaler').spec?.maxReplicas ?? Number.NaN;
    const surge = Number(deployment().spec?.strategy?.rollingUpdate?.maxSurge);
    // One follows the changes.
    const connectionsOfPod = config().database.poolMax + 1;
    expect((maxReplicas + surge) * connectionsOfPod).toBeLessThan(databaseConnectionsMax);
  });

  it('adds a pod when those there are busy, and before they have used up the one core that a process can use', () => {
    const [metric] = the('HorizontalPodAutoscaler').spec?.metrics ?? [];
    expect(metric?.resource).toMatchObject({ name: 'cpu', target: { type: 'Utilization' } });
    const [, requestedMillicores] = /^(\d+)m$/.exec(String(api()?.resources?.requests?.['cpu'])) ?? [];
    const millicores = (Number(requestedMillicores) * Number(metric?.resource?.target.averageUtilization)) / 100;
    expect(millicores).toBeGreaterThan(300);
    expect(millicores).toBeLessThan(800);
  });

  it('runs every pod without rights', () => {
    for (const pod of pods()) {
      expect(pod?.spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const container of pod?.spec?.containers ?? []) {
        expect(container).toMatchObject({
          image: 'registry.example.com/resilient-profile-api:0.1.0',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        });
        expect(container.resources?.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
        expect(container.resources?.limits).toEqual({ memory: expect.any(String) });
      }
    }
  });
});
