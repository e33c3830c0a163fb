import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { repositoryRoot } from '../helpers/child-process.ts';
import { ComposeProject, docker, dockerMissing } from '../helpers/docker-compose.ts';
import { eventually } from '../helpers/eventually.ts';
import { dashboardExpressions } from '../helpers/grafana-dashboard.ts';
import { serviceMetricsIn } from '../helpers/metric-names.ts';
import { alertRules, recordingRules } from '../helpers/prometheus-rules.ts';
import { describeWith } from '../helpers/services.ts';
import { describeAcceptance } from './acceptance/describe-acceptance.ts';
import { createHttpClient } from './acceptance/http-client.ts';
import { createUser, tally, userIn } from './acceptance/target.ts';
import { expectTrueAnswers, honestRefusals, isFailure } from './outage.ts';
import { startSteadyTraffic } from './steady-traffic.ts';

const apiUrl = 'http://127.0.0.1:8080';
const providerUrl = 'http://127.0.0.1:8081';
const prometheusUrl = 'http://127.0.0.1:9090';
const databasePort = 3307;
const databaseUrl = `mysql://profiles:profiles@127.0.0.1:${databasePort}/profiles`;
/** Held while this file runs, so that two runs on one machine cannot take each other's containers down. */
const lockPort = 3308;
/** SHUTDOWN_DRAIN_MS as it is by default. */
const drainMs = 5_000;
const services = ['app', 'db', 'mock_enrichment_service', 'redis'];

const project = new ComposeProject('profiles-system-test');
const api = createHttpClient(apiUrl);

/** Builds, and resolves when every service is healthy. */
const up = () => project.run('up', '--detach', '--build', '--wait', '--wait-timeout', '300');
const becomesReady = () =>
  eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(200), { timeoutMs: 60_000 });

jest.setTimeout(120_000);

describeWith(await dockerMissing(), 'The compose stack', () => {
  let lock: Server | undefined;

  beforeAll(async () => {
    lock = await takeLock();
    // What an interrupted run has left behind.
    await project.run('down', '--volumes', '--remove-orphans');
    await expectFree([8080, 8081, 9090, databasePort]);
    await up();
  }, 600_000);

  afterAll(async () => {
    // Without the lock, what runs is somebody else's.
    if (lock !== undefined) await project.run('down', '--volumes', '--remove-orphans');
    lock?.close();
  });

  it('is healthy from nothing, with the schema in place', async () => {
    for (const service of services) {
      expect({ service, ...(await project.state(service)) }).toMatchObject({
        service,
        status: 'running',
        health: 'healthy',
      });
    }
    expect(await project.state('migrate')).toMatchObject({ status: 'exited', exitCode: 0 });
    expect(await project.run('logs', '--no-log-prefix', 'migrate')).toContain('applied  0001-users');
  });

  describe('as a service', () => describeAcceptance(apiUrl, providerUrl));

  describe('The image', () => {
    const inImage = (script: string) =>
      docker('run', '--rm', '--read-only', '--cap-drop=ALL', 'resilient-profile-api', '--print', script);
    const present = async (folders: readonly string[]): Promise<unknown> =>
      JSON.parse(await inImage(`JSON.stringify(${JSON.stringify(folders)}.filter((folder) => fs.existsSync(folder)))`));

    it('holds the sources, the API description and production dependencies, and nothing else', async () => {
      const files = JSON.parse(await inImage('JSON.stringify(fs.readdirSync("/app"))')) as string[];
      expect(files.sort()).toEqual(['mock-enrichment', 'node_modules', 'openapi.yaml', 'package.json', 'src']);

      const { packages } = JSON.parse(await readFile(join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
      };
      const folders = Object.keys(packages).filter((folder) => folder !== '');
      const needed = folders.filter(
        (folder) => !['dev', 'optional', 'devOptional'].some((key) => key in (packages[folder] ?? {})),
      );
      const forDevelopment = folders.filter((folder) => packages[folder]?.dev === true);
      expect(await present(needed)).toEqual(needed);
      expect(await present(forDevelopment)).toEqual([]);
    });

    it('runs node as process 1 and an ordinary user, who can write nowhere', async () => {
      const app = await project.containerId('app');
      const script = `[process.getuid() > 0, fs.readFileSync('/proc/1/cmdline', 'utf8').split('\\0')[0],
        ['/app/x', '/tmp/x', '/home/node/x'].map((f) => { try { fs.writeFileSync(f, ''); return 'written' } catch (e) { return e.code } })]`;
      const seen: unknown = JSON.parse(await docker('exec', app, 'node', '--print', `JSON.stringify(${script})`));
      expect(seen).toEqual([true, 'node', ['EROFS', 'EROFS', 'EROFS']]);
    });
  });

  describe('with Prometheus beside it', () => {
    const prometheus = createHttpClient(prometheusUrl);
    const ask = async (path: string) => {
      const { json } = await prometheus.send('GET', path);
      return (json as { data: unknown }).data;
    };
    /** The values of what a query finds. */
    const valuesOf = async (query: string) => {
      const { result } = (await ask(`/api/v1/query?query=${encodeURIComponent(query)}`)) as {
        result: { value: [number, string] }[];
      };
      return result.map(({ value: [, value] }) => Number(value));
    };
    const observed = ['--profile', 'observability'];

    beforeAll(async () => {
      await project.run(...observed, 'up', '--detach', '--no-deps', '--wait', 'prometheus');
      await createUser(api);
    });

    afterAll(async () => {
      await project.run(...observed, 'rm', '--stop', '--force', 'prometheus');
    });

    it('is scraped, and the rules make of it what they should', async () => {
      await eventually(async () => expect(await valuesOf('up{job="profiles"}')).toEqual([1]), { timeoutMs: 30_000 });
      await eventually(
        async () => {
          expect((await valuesOf('total_requests'))[0]).toBeGreaterThan(0);
          expect(await valuesOf('total_requests - success_count - failure_count')).toEqual([0]);
          expect(await valuesOf('job:http_requests:rate2m{job="profiles"}')).toHaveLength(1);
        },
        { timeoutMs: 30_000 },
      );
      expect(await valuesOf('service_ready{job="profiles"}')).toEqual([1]);
      expect(await ask('/api/v1/alerts')).toEqual({ alerts: [] });
    });

    it('shows it every metric that rules and dashboard ask for', async () => {
      const target = encodeURIComponent('{job="profiles"}');
      const metadata = (await ask(`/api/v1/targets/metadata?match_target=${target}`)) as { metric: string }[];
      const seen = new Set(metadata.map(({ metric }) => metric));
      const asked = [...alertRules, ...recordingRules].map(({ expr }) => expr).concat(dashboardExpressions);
      // Workers are a supervisor's, which the stack has only when it is asked for.
      const missing = new Set(asked.flatMap(serviceMetricsIn).filter((metric) => !/^workers?(?:_|$)/.test(metric)));
      for (const metric of missing)
        if (seen.has(metric) || seen.has(metric.replace(/_(?:bucket|sum|count)$/, ''))) missing.delete(metric);
      expect([...missing]).toEqual([]);
    });
  });

  it('heals by itself when the database is restarted in the middle of use', async () => {
    const known = await createUser(api);
    const before = await project.state('app');
    const traffic = startSteadyTraffic(api, known);
    try {
      await eventually(() => expect(traffic.outcomes.length).toBeGreaterThan(100), { timeoutMs: 20_000 });
      await project.run('restart', 'db');
      await eventually(databaseGreets, { timeoutMs: 60_000 });
      const backAtMs = performance.now();
      await eventually(
        () =>
          expect(traffic.outcomes.filter(({ sentAtMs }) => sentAtMs > backAtMs + 10_000).length).toBeGreaterThan(100),
        { timeoutMs: 40_000 },
      );

      const late = traffic.outcomes.filter(({ sentAtMs }) => sentAtMs > backAtMs + 10_000);
      expect(Object.keys(tally(late.map(({ result }) => result))).sort()).toEqual(['200', '201']);
    } finally {
      await traffic.stop();
    }

    const refused = traffic.outcomes.filter(isFailure);
    const results = Object.keys(tally(refused.map(({ result }) => result)));
    expect(results.filter((result) => !honestRefusals.has(result))).toEqual([]);
    await expectTrueAnswers(traffic, databaseUrl);
    // Nobody waits longer than a connection may take.
    expect(Math.max(...traffic.outcomes.map(({ durationMs }) => durationMs))).toBeLessThan(5_000);
    expect(refused.length).toBeGreaterThan(0);
    for (const { retryAfter } of refused) expect(retryAfter).toMatch(/^[1-9]\d*$/);

    expect(await project.state('app')).toEqual(before);
    for (const user of traffic.created)
      expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
    expect(await project.run('logs', '--no-log-prefix', 'app')).not.toContain('"level":"error"');
  });

  it('starts a service that was killed, whose data are all there', async () => {
    const user = await createUser(api);
    await project.run('kill', 'app');
    await up();
    expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
  });

  it('waits for a database that is started after the service (D4)', async () => {
    const user = await createUser(api);
    await project.run('stop', 'app', 'db');
    await project.run('up', '--detach', '--no-deps', 'app');
    await eventually(async () => expect((await api.send('GET', '/health')).status).toBe(200), { timeoutMs: 30_000 });
    expect((await api.send('GET', '/ready')).status).toBe(503);

    await project.run('start', 'db');
    await becomesReady();
    expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
  });

  it('stops soon after its drain with nothing but zeros, and finds its data when it comes back', async () => {
    const user = await createUser(api);
    const startedAt = performance.now();
    await project.run('stop', 'app', 'mock_enrichment_service');
    expect(performance.now() - startedAt).toBeLessThan(drainMs + 5_000);
    await project.run('stop', '--timeout', '60');
    for (const service of [...services, 'migrate']) {
      expect({ service, ...(await project.state(service)) }).toMatchObject({ service, status: 'exited', exitCode: 0 });
    }

    await project.run('down');
    await up();
    expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
  });
});

/** A port is a lock that the system frees however its holder ends. @throws Error when another run holds it */
async function takeLock(): Promise<Server> {
  const server = createServer().listen(lockPort, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`Port ${lockPort} is in use: another run of these tests is under way on this machine.`, { cause });
  }
  return server;
}

/** @throws Error naming the ports that somebody else listens on */
async function expectFree(ports: readonly number[]): Promise<void> {
  const taken: number[] = [];
  for (const port of ports) if (await answers(port)) taken.push(port);
  if (taken.length > 0)
    throw new Error(`The stack needs ports ${taken.join(', ')}, which are in use. Stop what listens there.`);
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A MySQL server speaks first, and the port of a published container takes connections even when nothing is behind it. */
async function databaseGreets(): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: databasePort });
  try {
    await once(socket, 'connect');
    const [greeting] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
    expect(greeting).toBeInstanceOf(Buffer);
  } finally {
    socket.destroy();
  }
}
