import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { loadAll } from 'js-yaml';
import { repositoryRoot } from './child-process.ts';

const execute = promisify(execFile);

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The kinds that are deployed, each with the module that has its schema. */
const kinds = {
  'apps/v1': { Deployment },
  'autoscaling/v2': { HorizontalPodAutoscaler },
  'batch/v1': { Job },
  'networking.k8s.io/v1': { NetworkPolicy },
  'policy/v1': { PodDisruptionBudget },
  v1: { ConfigMap, Secret, Service, ServiceAccount },
};

type Model = new (data: object) => { validate(): void };
const models = new Map<string, Model>(
  Object.entries(kinds).flatMap(([apiVersion, versions]) =>
    Object.entries(versions).map(([kind, model]): [string, Model] => [`${apiVersion}/${kind}`, model as Model]),
  ),
);

export function manifestsIn(text: string): Manifest[] {
  return loadAll(text) as Manifest[];
}

/** What the API's schema says against a manifest: what is missing, of the wrong type, or out of range. */
export function violationsOf(manifest: Manifest): string[] {
  const SchemaOf = models.get(`${manifest.apiVersion}/${manifest.kind}`);
  if (SchemaOf === undefined) return [`There is no schema for ${manifest.apiVersion} ${manifest.kind}.`];
  try {
    new SchemaOf(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${String(error)}`];
  }
}

/**
 * What the compiler says when the manifests are given to the API's interfaces. It knows what the schemas leave open:
 * a field that does not exist, which Kubernetes would refuse or, worse, ignore.
 */
export async function typeErrorsIn(manifests: readonly Manifest[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  try {
    await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
    const lines = manifests.map((manifest, index) => {
      const module = ['kubernetes-models', manifest.apiVersion, manifest.kind].join('/');
      return `export const m${index}: import('${module}').I${manifest.kind} = ${JSON.stringify(manifest)};`;
    });
    const file = join(folder, 'manifests.ts');
    await writeFile(file, lines.join('\n'));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--module', 'nodenext'];
    await execute(join(repositoryRoot, 'node_modules/.bin/tsc'), [...options, file]);
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Why `kubectl kustomize` cannot be used here, or null. */
export async function kubectlMissing(): Promise<string | null> {
  try {
    await execute('kubectl', ['kustomize', '--help']);
    return null;
  } catch (error) {
    return `there is no kubectl (${String((error as { message?: string }).message)})`;
  }
}

/** What a folder below deploy/kubernetes comes to. @throws Error with kubectl's words when it cannot be built */
export async function render(folder: string): Promise<Manifest[]> {
  const { stdout } = await execute('kubectl', ['kustomize', join(repositoryRoot, 'deploy/kubernetes', folder)]);
  return manifestsIn(stdout);
}
