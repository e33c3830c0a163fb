import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { buildUserBody } from '../helpers/build-user.ts';
import { dockerMissing } from '../helpers/docker-compose.ts';
import { engines } from '../helpers/engines.ts';
import { describeWith } from '../helpers/services.ts';
import { startProfiles } from '../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const promtool = ['run', '--rm', '--interactive', '--entrypoint', 'promtool', 'prom/prometheus:v3', 'check', 'metrics'];

/** What Prometheus's own tool says about an answer of `/metrics`. */
async function checkMetrics(metrics: string): Promise<{ code: unknown; output: string }> {
  const child = spawn('docker', promtool, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(metrics);
  const [[code], ...output] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, output: output.join('') };
}

describeWith(await dockerMissing(), 'promtool check metrics', () => {
  it('finds nothing wrong with what the service answers', async () => {
    const profiles = await startProfiles(sqlite, { RATE_LIMIT_PER_MINUTE: '1000' });
    try {
      const post = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'k' },
        body: JSON.stringify(buildUserBody({ id: 'ada' })),
      };
      for (let replay = 0; replay < 2; replay++) await fetch(`${profiles.url}/api/users`, post);
      profiles.mock.control.change({ mode: 'failing' });
      for (const path of ['/api/users/ada/enriched', '/api/users/nobody', '/ready', '/no/such/path']) {
        await fetch(profiles.url + path);
      }
      const metrics = await (await fetch(`${profiles.url}/metrics`)).text();
      expect(metrics).toContain('http_problems_total{code="route-not-found"} 1');
      expect(await checkMetrics(metrics)).toEqual({ code: 0, output: '' });
    } finally {
      await profiles.stop();
    }
  }, 120_000);

  it('would say so: a gauge with the name of a counter', async () => {
    const { code, output } = await checkMetrics('# HELP cats_total Cats.\n# TYPE cats_total gauge\ncats_total 1\n');
    expect(code).not.toBe(0);
    expect(output).toContain('cats_total non-counter metrics should not have "_total" suffix');
  }, 120_000);
});
