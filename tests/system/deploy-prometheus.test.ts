import { readdirSync } from 'node:fs';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { dump } from 'js-yaml';
import { repositoryRoot } from '../helpers/child-process.ts';
import { docker, dockerMissing } from '../helpers/docker-compose.ts';
import { dashboardExpressions } from '../helpers/grafana-dashboard.ts';
import { describeWith } from '../helpers/services.ts';

const sandbox = ['--rm', '--network', 'none', '--workdir', '/work'];
const deployed = join(repositoryRoot, 'deploy/prometheus');

jest.setTimeout(60_000);

describeWith(await dockerMissing(), 'promtool', () => {
  let image: string;
  let work: string;

  /** @throws Error with promtool's output when it finds fault */
  const promtool = (folder: string, ...args: readonly string[]) =>
    docker('run', ...sandbox, '--volume', `${folder}:/work:ro`, '--entrypoint', 'promtool', image, ...args);

  beforeAll(async () => {
    // The one that compose runs.
    const { services } = JSON.parse(
      await docker('compose', '--profile', 'observability', 'config', '--format', 'json'),
    ) as { services: Record<string, { image: string }> };
    image = String(services['prometheus']?.image);
    work = await mkdtemp(join(tmpdir(), 'promtool-'));
    await chmod(work, 0o755); // It reads as a user of its own.
  });

  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
  });

  it('accepts configuration and rules', async () => {
    await promtool(deployed, 'check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml');
    await promtool(deployed, 'check', 'rules', '--lint=all', '--lint-fatal', 'rules/recording.yml', 'rules/alerts.yml');
  });

  it.each(readdirSync(join(deployed, 'tests')))('finds that the rules do what tests/%s says', async (name) => {
    await promtool(deployed, 'test', 'rules', `tests/${name}`);
  });

  it('accepts the configuration with its comment taken off authorization, once there is a token', async () => {
    const folder = join(work, 'authorized');
    await cp(deployed, folder, { recursive: true });
    const file = join(folder, 'prometheus.yml');
    const configuration = await readFile(file, 'utf8');
    await writeFile(file, configuration.replace(/# (authorization:\n *)# /, '$1'));
    const check = async () => await promtool(folder, 'check', 'config', 'prometheus.yml');
    await expect(check()).rejects.toThrow(/ops-token/);

    await writeFile(join(folder, 'ops-token'), '0123456789abcdef');
    await check();
  });

  it('accepts every expression of the dashboard, and refuses a broken one', async () => {
    const check = async (expressions: readonly string[]) => {
      const rules = expressions.map((expr, index) => ({ record: `panel_${index}`, expr }));
      await writeFile(join(work, 'dashboard.yml'), dump({ groups: [{ name: 'dashboard', rules }] }));
      return await promtool(work, 'check', 'rules', 'dashboard.yml');
    };
    expect(await check(dashboardExpressions)).toContain(`${dashboardExpressions.length} rules found`);
    await expect(check(['sum by (job (up)'])).rejects.toThrow(/parse error/);
  });
});
