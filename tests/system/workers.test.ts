import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { queryDatabase } from '../helpers/query-database.ts';
import { ScrapedMetrics, scrape } from '../helpers/scraped-metrics.ts';
import { createUser, tally } from './acceptance/target.ts';
import { type Creation, type KeepAliveClients, startKeepAliveClients } from './keep-alive-clients.ts';
import { migrate } from './service-process.ts';
import { launchSupervised, type SupervisedService, startSupervised } from './supervised-service.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

jest.setTimeout(180_000);

describe('Workers behind one port', () => {
  let database: TestDatabase;
  let folder: string;
  let service: SupervisedService;
  let clients: KeepAliveClients | undefined;

  beforeEach(async () => {
    database = await sqlite.create();
    folder = await mkdtemp(join(tmpdir(), 'profiles-workers-'));
    await migrate(database.url);
  });
  afterEach(async () => {
    await clients?.stop();
    clients = undefined;
    await service.process.kill('SIGKILL');
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const start = async (settings: Record<string, string> = {}): Promise<void> => {
    service = await startSupervised(database.url, settings, folder);
  };
  const load = async (): Promise<KeepAliveClients> => {
    const running = startKeepAliveClients(service.api.url);
    clients = running;
    await eventually(() => expect(running.results.length).toBeGreaterThan(100));
    return running;
  };
  const firstWorker = async (): Promise<number> => {
    const [pid] = await service.workers();
    if (pid === undefined) throw new Error('No worker runs.');
    return pid;
  };
  const createdSoFar = async (): Promise<number> =>
    (await scrape(service.api.url)).sum('http_requests_total', { method: 'POST', status: '201' });
  /** Which worker has answered a request. */
  const workersByRequest = (): Map<string | undefined, number | undefined> =>
    new Map(service.lines.map(({ requestId, worker }) => [requestId, worker]));

  it('answer by turns, and each line of the log says which worker wrote it', async () => {
    await start();
    for (let each = 0; each < 6; each++) await createUser(service.api);
    const served = () =>
      service.lines.filter(({ route }) => route === '/api/users').map(({ worker }) => String(worker));
    await eventually(() => expect(tally(served())).toEqual({ 1: 3, 2: 3 }));
    const unsigned = service.lines.filter(({ worker }) => worker === undefined);
    expect(unsigned.map(({ msg }) => msg)).toEqual(['Workers listen']);
  });

  it('offer no control of breakers to a page, whose requests would reach any of them', async () => {
    await start({ OPS_CONTROLS: 'true' });
    const snapshot = await (await fetch(`${service.api.url}/ops/resilience`)).json();
    expect(snapshot).toMatchObject({ worker: expect.any(Number), controls: { breakers: false, provider: true } });
  });

  it('are as many as there are cores with WORKERS=auto', async () => {
    service = await launchSupervised(database.url, { WORKERS: 'auto' }, folder);
    if (availableParallelism() === 1) return;
    await service.process.printed(/Workers listen/);
    expect(await service.workers()).toHaveLength(availableParallelism());
  });

  it.each(['0', '65', '2.5', 'all'])('are not started when there shall be %s', async (count) => {
    service = await launchSupervised(database.url, { WORKERS: count, LOG_LEVEL: 'loud' }, folder);
    expect(await service.process.exited).toMatchObject({ code: 78 });
    expect(service.process.output).toMatch(/^ {2}- WORKERS must be a number from 1 to 64, or auto$/m);
    expect(service.process.output).toMatch(/^ {2}- LOG_LEVEL /m);
    expect(service.count('Worker started')).toBe(0);
  });

  it('say once that the port is in use', async () => {
    const occupant = createServer().listen(0, '0.0.0.0');
    await once(occupant, 'listening');
    const { port } = occupant.address() as { port: number };
    service = await launchSupervised(database.url, { PORT: `${port}` }, folder);
    expect(await service.process.exited).toMatchObject({ code: 1 });
    expect(service.process.output.match(new RegExp(`Port ${port} is in use`, 'g'))).toHaveLength(1);
    expect(service.process.output).not.toContain('    at ');
    occupant.close();
  });

  it('share one port that the system has chosen, also those that come later', async () => {
    await start({ PORT: '0' });
    service.signal('SIGHUP');
    await service.process.printed(/Workers were restarted/);
    const ports = service.lines.filter(({ msg }) => msg === 'Listening').map(({ port }) => String(port));
    expect(Object.values(tally(ports))).toEqual([4]);
  });

  it('lose the requests of one that is killed, and no others; and another one takes its place', async () => {
    await start();
    const { creations, results } = await load();
    process.kill(await firstWorker(), 'SIGKILL');
    await eventually(() => expect(service.count('Ready')).toBe(3), { timeoutMs: 20_000 });
    const before = results.length;
    await eventually(() => expect(clients?.results.length).toBeGreaterThan(before + 100));
    await clients?.stop();

    const lost = service.lines.find(({ msg }) => msg.startsWith('Worker lost'));
    expect(lost).toMatchObject({ level: 'error', signal: 'SIGKILL', delayMs: 0 });
    const workers = workersByRequest();
    // The one that is killed takes the last lines of its log with it, those that wait for the end of a turn.
    const servedBefore = (done: readonly Creation[], index: number) =>
      done
        .slice(0, index)
        .map(({ requestId }) => workers.get(requestId))
        .findLast((worker) => worker !== undefined);
    for (const done of creations) {
      const failures = done.flatMap(({ result }, index) => (result === '201' ? [] : [index]));
      // Of what a client has under way, one request, which went to the worker that is gone.
      expect(failures.length).toBeLessThanOrEqual(1);
      for (const index of failures) expect(servedBefore(done, index)).toBe(lost?.worker);
    }
    process.stdout.write(`killed one of two workers: ${JSON.stringify(tally(clients?.results ?? []))}\n`);
    // The clients of the other one went on all the time.
    expect(creations.filter((done) => done.every(({ result }) => result === '201')).length).toBeGreaterThanOrEqual(2);
    expect(service.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('are replaced at SIGHUP, one after the other, and no client notices', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '1000' });
    const before = await service.workers();
    const { results } = await load();
    // The second is remembered while the first is obeyed, the third is the same as the second.
    service.signal('SIGHUP');
    for (let times = 1; times <= 2; times++) {
      await eventually(() => expect(service.count('Workers are restarted')).toBe(1));
      service.signal('SIGHUP');
      await eventually(async () => expect((await service.api.send('GET', '/health')).status).toBe(200));
    }
    await eventually(() => expect(service.count('Workers were restarted')).toBe(2), { timeoutMs: 120_000 });
    await clients?.stop();

    const outcome = tally(clients?.results ?? []);
    process.stdout.write(`two restarts of two workers: ${JSON.stringify(outcome)}\n`);
    expect(Object.keys(outcome)).toEqual(['201']);
    expect(results.length).toBeGreaterThan(100);
    expect((await service.workers()).filter((pid) => before.includes(pid))).toEqual([]);
    expect(service.count('Worker started')).toBe(6);
    expect(service.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    // What those have counted that are gone is not forgotten.
    expect(await createdSoFar()).toBe(outcome['201']);
    expect((await scrape(service.api.url)).sum('worker_restarts_total', { reason: 'restart' })).toBe(4);
  });

  it('stay when those that shall replace them cannot start', async () => {
    await start();
    const before = await service.workers();
    await writeFile(join(folder, '.env'), 'CORS_ORIGINS=nowhere\n');
    service.signal('SIGHUP');
    await service.process.printed(/The restart is given up/);
    await createUser(service.api);
    expect(await service.workers()).toEqual(before);
    expect(service.lines.filter(({ level }) => level === 'error')).toMatchObject([{ worker: 3, failure: 'exited' }]);
    expect(service.process.output).toContain('- CORS_ORIGINS must be origins');
  });

  it('are tried again, ever more slowly, while they die at their start, and the others serve', async () => {
    await start();
    await writeFile(join(folder, '.env'), 'CORS_ORIGINS=nowhere\n');
    process.kill(await firstWorker(), 'SIGKILL');
    const losses = () => service.lines.filter(({ msg }) => msg.startsWith('Worker lost'));
    await eventually(() => expect(losses().length).toBeGreaterThanOrEqual(4), { timeoutMs: 30_000 });
    const delays = losses()
      .slice(0, 5)
      .map(({ delayMs }) => delayMs);
    expect(delays).toEqual([0, 100, 200, 400, 800].slice(0, delays.length));
    await createUser(service.api);
    expect((await service.api.send('GET', '/ready')).status).toBe(200);

    await rm(join(folder, '.env'));
    await eventually(() => expect(service.count('Ready')).toBe(3), { timeoutMs: 20_000 });
  });

  it('are tried again while they cannot even be started, and end neither the others nor the supervisor', async () => {
    const node = join(folder, 'node');
    await copyFile(process.execPath, node);
    service = await startSupervised(database.url, {}, folder, node);
    await rename(node, `${node}.old`);
    process.kill(await firstWorker(), 'SIGKILL');
    const losses = () => service.lines.filter(({ msg }) => msg.startsWith('Worker lost'));
    await eventually(() => expect(losses().length).toBeGreaterThanOrEqual(4), { timeoutMs: 30_000 });
    expect(losses().slice(0, 4)).toMatchObject([
      { worker: expect.any(Number), signal: 'SIGKILL', delayMs: 0 },
      { worker: 3, err: { code: 'ENOENT' }, delayMs: 100 },
      { worker: 4, err: { code: 'ENOENT' }, delayMs: 200 },
      { worker: 5, err: { code: 'ENOENT' }, delayMs: 400 },
    ]);
    service.signal('SIGHUP');
    await service.process.printed(/The restart is given up/);
    const failed = service.lines.find(({ msg }) => msg.startsWith('The restart is given up'));
    expect(failed).toMatchObject({ failure: 'not-started', err: { code: 'ENOENT' } });
    await createUser(service.api);

    await rename(`${node}.old`, node);
    await eventually(() => expect(service.count('Ready')).toBe(3), { timeoutMs: 20_000 });
    service.signal('SIGTERM');
    expect(await service.process.exited).toMatchObject({ code: 0, signal: null });
  });

  /** A restart with workers that need a migration that has not been applied. */
  const restartTooEarly = async (): Promise<() => Promise<void>> => {
    const ask = async (sql: string, values?: unknown[]) => await queryDatabase(database.url, sql, values);
    const [latest] = await ask('SELECT name, executed_at FROM schema_migrations ORDER BY name DESC LIMIT 1');
    const row = [latest?.['name'], latest?.['executed_at']];
    await ask('DELETE FROM schema_migrations WHERE name = ?', row.slice(0, 1));
    service.signal('SIGHUP');
    await service.process.printed(/Waiting for the database/);
    return async () => void (await ask('INSERT INTO schema_migrations (name, executed_at) VALUES (?, ?)', row));
  };

  it('take no connection at a restart before they are ready, and then they do', async () => {
    await start();
    const migrateNow = await restartTooEarly();
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => (await service.api.send('GET', '/ready')).status),
    );
    expect(tally(answers.map(String))).toEqual({ 200: 12 });
    expect(service.lines.filter(({ msg, worker }) => msg === 'Listening' && worker === 3)).toEqual([]);
    expect((await scrape(service.api.url)).values('workers')).toEqual({ starting: 1, ready: 2 });

    await migrateNow();
    await service.process.printed(/Workers were restarted/);
    const told = service.lines.filter(({ worker }) => worker === 3).map(({ msg }) => msg);
    expect(told.filter((msg) => /^(?:Database ready|Listening|Ready)$/.test(msg))).toEqual([
      'Database ready',
      'Listening',
      'Ready',
    ]);
    expect((await scrape(service.api.url)).values('workers')).toEqual({ ready: 2 });
  });

  it('end in good order also when one waits at a restart until it can take over', async () => {
    await start();
    await restartTooEarly();
    service.signal('SIGTERM');
    expect(await service.process.exited).toMatchObject({ code: 0, signal: null });
    expect(service.count('Stopped')).toBe(3);
    expect(service.lines.filter(({ msg, worker }) => msg === 'Listening' && worker === 3)).toEqual([]);
    expect(service.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('end with the supervisor at SIGTERM, which exits with 0 when all did', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '500' });
    await createUser(service.api);
    const startedAt = performance.now();
    service.signal('SIGTERM');
    await service.process.printed(/Draining/);
    expect((await service.api.send('GET', '/ready')).status).toBe(503);
    expect(await service.process.exited).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(service.count('Stopped')).toBe(2);
    expect(service.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('end in the same way when a terminal signals all processes at once', async () => {
    await start();
    expect(await service.process.kill('SIGINT')).toMatchObject({ code: 0, signal: null });
    expect(service.count('Stopped')).toBe(2);
  });

  it('end here and now at a second signal', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '3000', SHUTDOWN_GRACE_MS: '10000' });
    const workers = await service.workers();
    service.signal('SIGTERM');
    await service.process.printed(/Draining/);
    service.signal('SIGTERM');
    expect(await service.process.exited).toMatchObject({ code: 1, signal: null });
    await eventually(() => expect(workers.filter(lives)).toEqual([]), { timeoutMs: 1_000 });
    expect(service.count('Stopped')).toBe(0);
  });

  it('end in good order when their supervisor is killed, and finish what runs', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '1000' });
    const workers = await service.workers();
    const { results } = await load();
    service.signal('SIGKILL');
    await eventually(() => expect(workers.filter(lives)).toEqual([]));
    await clients?.stop();
    // Only with the end of the last of them has all been read that they wrote.
    await service.process.exited;
    expect(service.count('Stopped')).toBe(2);
    // Those that were connected got their answers, and cannot connect again.
    const failures = results.filter((result) => result !== '201');
    expect(failures.filter((result) => !result.includes('ECONNREFUSED'))).toEqual([]);
  });

  it('count together, and what one has counted stays when it has died', async () => {
    await start();
    for (let each = 0; each < 7; each++) await createUser(service.api);
    const metrics = await scrape(service.api.url);
    expect(metrics.sum('http_requests_total', { method: 'POST' })).toBe(7);
    expect(metrics.sum('http_request_duration_seconds_count', { method: 'POST' })).toBe(7);
    expect(metrics.values('workers')).toEqual({ ready: 2 });
    expect(metrics.sum('workers_reporting')).toBe(2);
    expect(metrics.sum('service_ready')).toBe(1);
    expect(metrics.sum('service_build_info')).toBe(1);
    expect(metrics.sum('circuit_breaker_state', { dependency: 'database', state: 'closed' })).toBe(2);

    process.kill(await firstWorker(), 'SIGKILL');
    await eventually(() => expect(service.count('Ready')).toBe(3), { timeoutMs: 20_000 });
    expect(await createdSoFar()).toBe(7);
    await createUser(service.api);
    const after = await scrape(service.api.url);
    expect(after.sum('http_requests_total', { method: 'POST' })).toBe(8);
    expect(after.sum('worker_restarts_total', { reason: 'killed' })).toBe(1);
    expect(after.sum('process_start_time_seconds')).toBe(metrics.sum('process_start_time_seconds'));
  });

  it('are replaced also when one is killed that was handed a connection and has not taken it', async () => {
    await start();
    const frozen = await firstWorker();
    process.kill(frozen, 'SIGSTOP');
    const waiting = Promise.allSettled(Array.from({ length: 3 }, async () => await service.api.send('GET', '/health')));
    await eventually(async () => expect((await service.api.send('GET', '/health')).status).toBe(200));
    const killedAt = performance.now();
    process.kill(frozen, 'SIGKILL');
    await eventually(() => expect(service.count('Ready')).toBe(3), { timeoutMs: 20_000 });
    // Its client is told, and does not wait until it gives up.
    const statuses = (await waiting).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(performance.now() - killedAt).toBeLessThan(14_000);
  });

  it('are scraped without one that hangs, whose counts stay', async () => {
    await start({ SHUTDOWN_GRACE_MS: '2000' });
    for (let each = 0; each < 4; each++) await createUser(service.api);
    expect(await createdSoFar()).toBe(4);
    process.kill(await firstWorker(), 'SIGSTOP');
    // It is handed one connection, which waits; the others go to the other worker.
    const scrapes = Array.from({ length: 3 }, async () => await service.api.send('GET', '/metrics'));
    const outcomes = Promise.allSettled(scrapes);
    const metrics = new ScrapedMetrics((await Promise.any(scrapes)).text);
    expect(metrics.sum('workers_reporting')).toBe(1);
    expect(metrics.sum('http_requests_total', { method: 'POST' })).toBe(4);

    // Nor does it hold up the stop, which says so.
    service.signal('SIGTERM');
    expect(await service.process.exited).toMatchObject({ code: 1 });
    expect(service.process.output).toContain('1 of 2 workers did not end in good order.');
    expect((await outcomes).map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });
});

/** Whether it runs; one that waits for its parent to ask how it ended does not. */
function lives(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
}
