import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Exit } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Haproxy, haproxyMissing, startHaproxy } from '../helpers/haproxy.ts';
import { queryDatabase } from '../helpers/query-database.ts';
import { describeWith } from '../helpers/services.ts';
import { tally } from './acceptance/target.ts';
import { startKeepAliveClients } from './keep-alive-clients.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const cycles = 20;
/**
 * Five times as long as haproxy needs to see that an instance is not ready. 0 shows, by hand, what the drain is for:
 * ROLLING_RESTART_DRAIN_MS=0.
 */
const drainMs = Number(process.env['ROLLING_RESTART_DRAIN_MS'] ?? 1_000);
const graceMs = 10_000;

const mariadb = engines.find(({ name }) => name === 'MariaDB');
if (mariadb === undefined) throw new Error('MariaDB is one of the engines.');

describeWith(mariadb.missing ?? (await haproxyMissing()), 'Two instances behind haproxy', () => {
  let database: TestDatabase;
  let services: readonly ServiceProcess[] = [];
  let haproxy: Haproxy;

  const inRotation = async (): Promise<void> =>
    await eventually(async () => expect(await haproxy.inRotation()).toEqual([true, true]), { timeoutMs: 20_000 });

  beforeAll(async () => {
    database = await mariadb.create();
    const settings = { SHUTDOWN_DRAIN_MS: `${drainMs}`, SHUTDOWN_GRACE_MS: `${graceMs}` };
    services = [await startService(database.url, settings), await startService(database.url, settings)];
    haproxy = await startHaproxy(services.map(({ api }) => api.url));
    await inRotation();
  }, 60_000);
  afterAll(async () => {
    await haproxy?.stop();
    for (const service of services) await service.kill('SIGKILL');
    await database?.drop();
  });

  it('are restarted in turn under load, and no client notices (P1)', async () => {
    const traffic = startKeepAliveClients(haproxy.url);
    const exits: Exit[] = [];
    try {
      for (let cycle = 0; cycle < cycles; cycle++) {
        const service = services[cycle % services.length];
        if (service === undefined) throw new Error('No service was started.');
        exits.push(await service.kill('SIGTERM'));
        await service.start();
        await inRotation();
      }
    } finally {
      await traffic.stop();
    }

    const slowestMs = Math.max(...exits.map(({ afterMs }) => afterMs));
    const outcome = JSON.stringify(tally(traffic.results));
    process.stdout.write(`drain ${drainMs} ms: ${outcome}; slowest stop ${slowestMs.toFixed(0)} ms\n`);

    expect(Object.keys(tally(traffic.results))).toEqual(['201']);
    expect(traffic.results.length).toBeGreaterThan(cycles * 100);
    expect(exits.map(({ code, signal }) => ({ code, signal }))).toEqual(
      Array.from({ length: cycles }, () => ({ code: 0, signal: null })),
    );
    expect(slowestMs).toBeLessThan(graceMs);
    const [row] = await queryDatabase(
      database.url,
      'SELECT COUNT(*) AS users, COUNT(DISTINCT email) AS emails FROM users',
    );
    const created = traffic.results.length;
    expect({ users: Number(row?.['users']), emails: Number(row?.['emails']) }).toEqual({
      users: created,
      emails: created,
    });
    // An ordinary restart is nothing to look into.
    const lines = services.flatMap(({ output }) => output.split('\n'));
    expect(lines.filter((line) => /"level":"(?:warn|error|fatal)"/.test(line))).toEqual([]);
  }, 180_000);
});
