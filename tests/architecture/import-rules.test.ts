import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

/** Runs dependency-cruiser with the project's rules in `folder`. @returns the names of the rules that are broken */
function brokenRules(folder: string, paths: readonly string[]): string[] {
  const depcruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.json');
  const run = spawnSync(process.execPath, [depcruise, '--config', config, '--output-type', 'json', ...paths], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { summary } = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

describe('The import rules', () => {
  it('hold in the sources', () => {
    expect(brokenRules(root, ['src', 'mock-enrichment', 'examples'])).toEqual([]);
  });

  // The negative control: a rule that cannot fail proves nothing.
  it.each([
    ['platform-stands-alone', 'src/platform/a.ts', `import '../profiles/index.ts';`],
    ['services-are-siblings', 'src/profiles/a.ts', `import '../accounts/index.ts';`],
    ['services-are-siblings', 'src/traffic/a.ts', `import '../profiles/index.ts';`],
    ['client-stands-alone', 'src/client/a.ts', `import '../platform/clock.ts';`],
    ['client-stands-alone', 'src/client/a.ts', `import 'express';`],
    ['page-runs-in-browsers', 'src/profiles/dashboard/page/a.js', `import '../../../platform/clock.ts';`],
    ['page-runs-in-browsers', 'src/profiles/dashboard/page/a.js', `import 'joi';`],
    ['examples-are-customers', 'examples/a.ts', `import '../src/platform/clock.ts';`],
    ['main-enters-by-the-door', 'src/main/a.ts', `import '../profiles/users/user.ts';`],
    ['mock-is-somebody-elses', 'mock-enrichment/a.ts', `import '../src/platform/clock.ts';`],
    ['adapters-by-composition-roots', 'src/profiles/users/user-service.ts', `import './sql-user-queries.ts';`],
    [
      'adapters-by-composition-roots',
      'src/profiles/users/a.ts',
      `import type { A } from '../enrichment/http-enrichment-client.ts';`,
    ],
    ['express-at-the-edge', 'src/profiles/users/user-service.ts', `import 'express';`],
    ['sequelize-in-adapters', 'src/profiles/users/user-service.ts', `import 'sequelize';`],
    ['controller-above-service', 'src/profiles/users/user-service.ts', `import './user-controller.ts';`],
    ['routes-by-composition-roots', 'src/profiles/users/user-controller.ts', `import './user-routes.ts';`],
    ['no-dev-dependency-in-production', 'src/platform/a.ts', `import 'fast-check';`],
    ['resolvable', 'src/platform/a.ts', `import './gone.ts';`],
    ['no-circular', 'src/platform/a.ts', `import './b.ts';`],
  ])('%s is noticed when %s says %s', async (rule, file, source) => {
    const folder = await mkdtemp(join(tmpdir(), 'import-rules-'));
    try {
      const files: Record<string, string> = {
        'package.json': JSON.stringify({
          type: 'module',
          dependencies: { express: '*', sequelize: '*' },
          devDependencies: { 'fast-check': '*' },
        }),
        'src/profiles/index.ts': 'export {};',
        'src/accounts/index.ts': 'export {};',
        'src/platform/clock.ts': 'export {};',
        'src/platform/b.ts': `import './a.ts';`,
        'src/profiles/users/user.ts': 'export {};',
        'src/profiles/users/sql-user-queries.ts': 'export {};',
        'src/profiles/users/user-routes.ts': 'export {};',
        'src/profiles/enrichment/http-enrichment-client.ts': 'export {};',
        'src/profiles/users/user-controller.ts': 'export {};',
        [file]: source,
      };
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
      expect(brokenRules(folder, [file])).toContain(rule);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
