import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../helpers/child-process.ts';
import { type Manifest, manifestsIn, typeErrorsIn, violationsOf } from '../../helpers/kubernetes-manifests.ts';

const folder = join(repositoryRoot, 'deploy/kubernetes');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'),
);
const manifests = files.flatMap((file) => manifestsIn(readFileSync(join(folder, file), 'utf8')));

describe('The manifests for Kubernetes', () => {
  it('are what the schemas of the API ask for', () => {
    expect(manifests.map(({ kind }) => kind)).toContain('Deployment');
    expect(manifests.flatMap(violationsOf)).toEqual([]);
  });

  it('have no field that the API does not know', async () => {
    expect(await typeErrorsIn(manifests)).toBe('');
  });
});

describe('A manifest', () => {
  const budget = (spec: object): Manifest & { spec: object } => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'budget' },
    spec,
  });

  it('of a kind without a schema is not let through', () => {
    expect(violationsOf({ ...budget({}), kind: 'PodDisruptionBudgets' })).toHaveLength(1);
  });

  it.each([
    ['a missing field', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec: {} }, /selector/],
    ['a wrong type', budget({ maxUnavailable: true }), /maxUnavailable/],
    ['a wrong value', budget({ unhealthyPodEvictionPolicy: 'Always' }), /unhealthyPodEvictionPolicy/],
  ])('with %s violates its schema', (_what, manifest, message) => {
    expect(violationsOf(manifest)).toEqual([expect.stringMatching(message)]);
  });

  it('with a misspelt field is found by its type', async () => {
    const misspelt = budget({ selector: { matchLabel: { name: 'x' } } });
    expect(violationsOf(misspelt)).toEqual([]);
    expect(await typeErrorsIn([misspelt])).toMatch(/matchLabel/);
  });
});
