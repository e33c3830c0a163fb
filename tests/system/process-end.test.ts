import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type MockEnrichment, startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { createHttpClient, type HttpClient } from './acceptance/http-client.ts';
import { createUser } from './acceptance/target.ts';
import { migrate } from './service-process.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

jest.setTimeout(60_000);

describe('The process of the service', () => {
  let database: TestDatabase;
  let mock: MockEnrichment;
  let service: ChildProcess;
  let api: HttpClient;

  beforeEach(async () => {
    database = await sqlite.create();
    mock = await startMockEnrichment({ port: 0 });
    await migrate(database.url);
  });
  afterEach(async () => {
    await service.kill('SIGKILL');
    await mock.stop();
    await database.drop();
  });

  async function launch(env: Record<string, string>, run: readonly string[] = []): Promise<void> {
    const port = await freePort();
    api = createHttpClient(`http://127.0.0.1:${port}`);
    const faults = join(repositoryRoot, 'tests/helpers/throw-at-signal.mjs');
    const settings = { PORT: `${port}`, DATABASE_URL: database.url, ENRICHMENT_URL: mock.url, ...env };
    const program = [process.execPath, '--import', faults, join(repositoryRoot, 'src/main/profiles.ts')] as const;
    const [first, ...rest] = [...run, ...program];
    service = startProcess([first ?? process.execPath, ...rest], { env: settings });
  }

  async function start(env: Record<string, string>): Promise<void> {
    await launch(env);
    await service.printed(/"msg":"Ready"/);
  }

  /** Its stdout takes nothing. */
  async function startUnheard(env: Record<string, string>): Promise<void> {
    await launch(env, ['sh', '-c', 'exec "$@" > /dev/full', '-']);
    await eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(200), { timeoutMs: 20_000 });
  }

  /** All that it has written, each line of which is JSON. */
  const lines = (): Record<string, unknown>[] =>
    service.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('says what becomes of it, and exits with 0 when it was told to stop', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '300' });
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
    const told = lines().map(({ level, msg, reason }) => [level, msg, reason].filter(Boolean).join(' '));
    expect(told.filter((line) => !line.startsWith('info Request'))).toEqual([
      'info Starting',
      'info Listening',
      'info Database ready',
      'info Ready',
      'info Not ready',
      'info Draining SIGTERM',
      'info Stopped SIGTERM',
    ]);
  });

  it.each([
    ['an exception', 'SIGUSR2', 'uncaughtException'],
    ['a rejection', 'SIGHUP', 'unhandledRejection'],
  ] as const)('drains and exits with 1 after %s that nobody has caught', async (_fault, signal, origin) => {
    await start({ SHUTDOWN_DRAIN_MS: '1000' });
    service.signal(signal);
    await service.printed(/"level":"fatal"/);

    // A fault in one request is no reason to lose others.
    expect((await api.send('GET', '/ready')).status).toBe(503);
    await createUser(api);
    const exit = await service.exited;
    expect(exit).toMatchObject({ code: 1, signal: null });

    const fatal = lines().filter(({ level }) => level === 'fatal');
    expect(fatal).toMatchObject([{ origin, err: { stack: expect.stringContaining('throw-at-signal') } }]);
    expect(lines().at(-1)).toMatchObject({ msg: 'Stopped', reason: origin });
    expect(service.output).not.toContain('ada@');
  });

  it('exits with 1 when a fault comes while it stops, and stops in good order nevertheless', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '1000' });
    service.signal('SIGTERM');
    await service.printed(/Draining/);
    service.signal('SIGUSR2');
    expect(await service.exited).toMatchObject({ code: 1, signal: null });
    expect(lines().filter(({ level }) => level === 'fatal')).toHaveLength(1);
    expect(lines().at(-1)).toMatchObject({ msg: 'Stopped', reason: 'SIGTERM' });
  });

  it('drains to the end after a fault when it is then told to stop, once', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '1000' });
    service.signal('SIGUSR2');
    await service.printed(/Draining/);
    service.signal('SIGTERM');
    await createUser(api);
    expect(await service.exited).toMatchObject({ code: 1, signal: null });
    expect(lines().at(-1)).toMatchObject({ msg: 'Stopped', reason: 'uncaughtException' });
  });

  it('ends at once when it is told twice to stop after a fault', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '10000' });
    service.signal('SIGUSR2');
    await service.printed(/Draining/);
    service.signal('SIGTERM');
    const exit = await service.kill('SIGINT');
    expect(exit).toMatchObject({ code: 1, signal: null });
    expect(exit.afterMs).toBeLessThan(2_000);
  });

  it('serves, and ends in good order, while its log cannot be written', async () => {
    await startUnheard({ SHUTDOWN_DRAIN_MS: '0' });
    for (let each = 0; each < 5; each++) await createUser(api);
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
    expect(service.output).toBe('');
  });

  it('serves, and ends in good order, when whoever read its output has gone, also after a fault', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '1000' });
    service.hangUp();
    for (let each = 0; each < 5; each++) await createUser(api);
    service.signal('SIGUSR2');
    await eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(503));
    await createUser(api);
    expect(await service.exited).toMatchObject({ code: 1, signal: null });
  });

  it('drains after a fault while its log cannot be written', async () => {
    await startUnheard({ SHUTDOWN_DRAIN_MS: '1000' });
    service.signal('SIGUSR2');
    await eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(503));
    await createUser(api);
    expect(await service.exited).toMatchObject({ code: 1, signal: null });
  });

  it('ends at once at a second signal', async () => {
    await start({ SHUTDOWN_DRAIN_MS: '10000' });
    service.signal('SIGTERM');
    await service.printed(/Draining/);
    const exit = await service.kill('SIGTERM');
    expect(exit).toMatchObject({ code: 1, signal: null });
    expect(exit.afterMs).toBeLessThan(2_000);
  });

  it('finishes what runs, and cuts what does not finish within the grace', async () => {
    // The drain and what is kept for closing leave a running request more than a second.
    const settings = { SHUTDOWN_DRAIN_MS: '500', SHUTDOWN_GRACE_MS: '2500', ENRICHMENT_ATTEMPT_TIMEOUT_MS: '10000' };
    await start({ ...settings, ENRICHMENT_DEADLINE_MS: '10000' });
    const { id } = await createUser(api);
    const ask = async (): Promise<number | undefined> => {
      const outgoing = request(`${api.url}/api/users/${id}/enriched`, { agent: false }).end();
      const [answer] = await once(outgoing, 'response').catch(() => [undefined]);
      answer?.resume();
      return answer?.statusCode;
    };

    mock.control.change({ mode: 'slow', latencyMs: 900 });
    const slow = ask();
    await eventually(() => expect(mock.control.requests().count).toBe(1));
    const { id: other } = await createUser(api);
    mock.control.change({ mode: 'hanging' });
    const hanging = once(request(`${api.url}/api/users/${other}/enriched`, { agent: false }).end(), 'response').then(
      () => 'answered',
      () => 'cut',
    );
    await eventually(() => expect(mock.control.requests().count).toBe(2));

    const exit = await service.kill('SIGTERM');
    expect(await slow).toBe(200);
    expect(await hanging).toBe('cut');
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.afterMs).toBeLessThan(2_500);
    await service.printed(/"level":"warn".*"requests":1.*Requests were cut/);
  });
});
