import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { ownServers } from '../helpers/database-server.ts';
import { eventually } from '../helpers/eventually.ts';
import { launchReplicatedServers, type ReplicatedServers } from '../helpers/replica-server.ts';
import { type ScrapedMetrics, scrape } from '../helpers/scraped-metrics.ts';
import { describeWith } from '../helpers/services.ts';
import type { HttpClient } from './acceptance/http-client.ts';
import { createUser, expectProblem, newUser, tally, type UserBody, userIn } from './acceptance/target.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { startSteadyTraffic } from './steady-traffic.ts';

const [mariadb] = ownServers;
const lagMsMax = 2_000;
const soon = { timeoutMs: 20_000 };

describeWith(mariadb?.missing ?? null, 'The service with a replica of its MariaDB', () => {
  let servers: ReplicatedServers;
  /** Reads nothing from memory, so that each read shows who was asked. */
  let service: ServiceProcess;
  let api: HttpClient;
  const others: ServiceProcess[] = [];

  beforeAll(async () => {
    servers = await launchReplicatedServers();
    service = await startWithReplica({ CACHE_MEMORY_ENTRIES_MAX: '0' });
    api = service.api;
    await isIn('in-rotation');
  }, 60_000);
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.kill('SIGTERM')));
    await servers.resume();
  });
  afterAll(async () => {
    await service.kill('SIGKILL');
    await servers.remove();
  });

  const startWithReplica = async (settings: Readonly<Record<string, string>>): Promise<ServiceProcess> =>
    await startService(servers.primaryUrl, {
      DATABASE_REPLICA_URLS: servers.replicaUrl,
      REPLICA_LAG_MS_MAX: `${lagMsMax}`,
      ...settings,
    });
  const isIn = async (state: string, of: HttpClient = api): Promise<void> =>
    await eventually(
      async () => expect((await scrape(of.url)).values('database_replica_state')).toEqual({ [`1 ${state}`]: 1 }),
      soon,
    );
  const readsByReplica = (metrics: ScrapedMetrics): number =>
    metrics.sum('database_replica_reads_total', { outcome: 'success' });
  const get = async (id: string): Promise<UserBody> => userIn(await api.send('GET', `/api/users/${id}`), 200);
  const rename = async (of: HttpClient, id: string, name: string): Promise<UserBody> =>
    userIn(await of.send('PUT', `/api/users/${id}`, { json: { name } }), 200);
  const listed = async (email: string): Promise<unknown> => {
    const { json } = await api.send('GET', `/api/users?email=${encodeURIComponent(email)}`);
    return (json as { data: unknown[] }).data[0];
  };
  /** Until the replica has everything, and the service knows it. */
  const isEven = async (): Promise<void> => {
    await servers.catchUp();
    await eventually(async () => {
      const before = readsByReplica(await scrape(api.url));
      expect((await api.send('GET', '/api/users?limit=1')).status).toBe(200);
      expect(readsByReplica(await scrape(api.url))).toBe(before + 1);
    }, soon);
  };

  it('asks the replica for what is read, and never for a change', async () => {
    const user = await createUser(api);
    await isEven();
    const stopListening = [await servers.listen(servers.primary), await servers.listen(servers.replica)];
    for (let round = 0; round < 20; round++) {
      expect(await get(user.id)).toEqual(user);
      expect(await listed(user.email)).toEqual(user);
      expect((await api.send('GET', `/api/users/${user.id}/changes`)).status).toBe(200);
    }
    const [atPrimary = [], atReplica = []] = await Promise.all(stopListening.map(async (stop) => await stop()));
    expect(atPrimary.filter((sql) => /users_read|user_id = /.test(sql))).toEqual([]);
    expect(atReplica.filter((sql) => /FROM `?users_read/.test(sql)).length).toBeGreaterThanOrEqual(40);
    expect(atReplica.filter((sql) => /user_id = /.test(sql)).length).toBeGreaterThanOrEqual(20);

    const stop = await servers.listen(servers.replica);
    const created = await createUser(api);
    await rename(api, created.id, 'Grace');
    expect((await api.send('DELETE', `/api/users/${created.id}`)).status).toBe(204);
    expect((await stop()).filter((sql) => !/^(?:SELECT|SET SESSION) /.test(sql))).toEqual([]);
  }, 40_000);

  it('reads what it has just written, 1,000 times, while the replica follows and while it does not', async () => {
    const users = await Promise.all(Array.from({ length: 10 }, () => createUser(api)));
    const [bystander = users[0], ...written] = users;
    const wrong: string[] = [];
    await isEven();
    const before = readsByReplica(await scrape(api.url));
    for (let round = 0; round < 1_000; round++) {
      if (round % 200 === 100) await servers.pause();
      if (round % 200 === 0) await servers.resume();
      const { id, email } = written[round % written.length] ?? { id: '', email: '' };
      const changed = await rename(api, id, `Round ${round}`);
      const seen = round % 5 === 0 ? ((await listed(email)) as UserBody) : await get(id);
      if (seen.version !== changed.version) wrong.push(`round ${round}: ${seen.version}, not ${changed.version}`);
      await get(bystander?.id ?? '');
    }
    await servers.resume();
    expect(wrong).toEqual([]);
    // Whoever asks the primary for everything sees all, too.
    expect(readsByReplica(await scrape(api.url)) - before).toBeGreaterThan(300);
  }, 120_000);

  it('does without a replica that lags too much, until it has caught up', async () => {
    const user = await createUser(api);
    await isEven();
    await servers.pause();
    const { version } = await rename(api, user.id, 'Grace');
    await isIn('lagging');
    await eventually(() =>
      expect(/"level":"warn".*"replica":1,"reason":"lagging".*out of the rotation/.test(service.output)).toBe(true),
    );
    const stop = await servers.listen(servers.replica);
    expect(await get(user.id)).toMatchObject({ version });
    expect(await listed(user.email)).toMatchObject({ version });
    expect((await stop()).filter((sql) => sql.includes('users_read'))).toEqual([]);

    await servers.resume();
    await isIn('in-rotation');
    await isEven();
    expect(await get(user.id)).toMatchObject({ version });
  }, 60_000);

  it.each([
    ['is killed', () => servers.replica.kill(), () => servers.replica.start()],
    ['is frozen', () => servers.replica.freeze(), () => servers.replica.thaw()],
  ])(
    'answers every request while the replica %s, and uses it again',
    async (_name, takeAway, giveBack) => {
      const known = await createUser(api);
      await isEven();
      const traffic = startSteadyTraffic(api, known);
      try {
        await pause(500);
        await takeAway();
        await isIn('failing');
        await pause(1_500);
        await giveBack();
        await isIn('in-rotation');
        await isEven();
      } finally {
        await traffic.stop();
      }
      const results = tally(traffic.outcomes.map(({ result }) => result));
      expect(Object.keys(results).sort()).toEqual(['200', '201']);
      expect(Math.max(...traffic.outcomes.map(({ durationMs }) => durationMs))).toBeLessThan(3_000);
    },
    90_000,
  );

  it('keeps nothing of a lagging replica: what another instance has written shows within a second, and stays', async () => {
    const user = await createUser(api);
    const [caching, writing] = [await startWithReplica({}), await startService(servers.primaryUrl)];
    others.push(caching, writing);
    await Promise.all([caching.becomesReady(10_000), writing.becomesReady(10_000)]);
    await isIn('in-rotation', caching.api);
    await isEven();
    const readCached = async (): Promise<UserBody> =>
      userIn(await caching.api.send('GET', `/api/users/${user.id}`), 200);

    await servers.pause();
    expect((await readCached()).version).toBe(1);
    const { version } = await rename(writing.api, user.id, 'Grace');
    await eventually(async () => expect((await readCached()).version).toBe(version), { timeoutMs: 1_000 });
    const stale: number[] = [];
    for (let round = 0; round < 200; round++) {
      const seen = await readCached();
      if (seen.version !== version) stale.push(seen.version);
      await pause(5);
    }
    expect(stale).toEqual([]);
    await servers.resume();
  }, 60_000);

  it('answers reads without the primary, but for what the replica may not have', async () => {
    const [kept, changed] = [await createUser(api), await createUser(api)];
    await isEven();
    await servers.pause();
    await rename(api, changed.id, 'Grace');
    await servers.primary.kill();
    try {
      // The lists may lack the change, and wait for it no longer than the bound.
      await eventually(async () => expect(await listed(kept.email)).toEqual(kept), soon);
      expect(await get(kept.id)).toEqual(kept);
      expectProblem(await api.send('GET', `/api/users/${changed.id}`), 503, 'database-unavailable');
      expectProblem(await api.send('POST', '/api/users', { json: newUser() }), 503, 'database-unavailable');
      await eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(200), soon);
      await isIn('in-rotation');
    } finally {
      await servers.primary.start();
      await servers.resume();
    }
    await eventually(async () => expect((await api.send('POST', '/api/users', { json: newUser() })).status).toBe(201), {
      timeoutMs: 10_000,
    });
    expect((await get(changed.id)).version).toBe(2);
    await isIn('in-rotation');
    await isEven();
  }, 90_000);
});
