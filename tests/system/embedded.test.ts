import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { eventually } from '../helpers/eventually.ts';
import { createHttpClient, type HttpClient } from './acceptance/http-client.ts';
import { createUser, userIn } from './acceptance/target.ts';

const localEntry: [string, string] = [process.execPath, join(repositoryRoot, 'src/main/local.ts')];

interface Embedded {
  readonly process: ChildProcess;
  readonly api: HttpClient;
  readonly provider: HttpClient;
}

jest.setTimeout(60_000);

describe('The embedded mode', () => {
  let folder: string;
  let started: ChildProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'profiles-embedded-'));
    started = [];
  });

  afterEach(async () => {
    for (const child of started) await child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  /** Runs in an empty folder of its own, so that neither `.env` nor data of the repository are met. */
  function start(env: Record<string, string>, command: [string, ...string[]] = localEntry, cwd = folder): ChildProcess {
    const child = startProcess(command, { env, cwd });
    started.push(child);
    return child;
  }

  async function startAndWait(env: Record<string, string> = {}): Promise<Embedded> {
    const [port, mockPort] = [await freePort(), await freePort()];
    const child = start({ PORT: `${port}`, MOCK_PORT: `${mockPort}`, ...env });
    await child.printed(/is running/);
    return {
      process: child,
      api: createHttpClient(`http://127.0.0.1:${port}`),
      provider: createHttpClient(`http://127.0.0.1:${mockPort}`),
    };
  }

  it('is up with npm start, says where to look, and ends with Ctrl-C', async () => {
    const [port, mockPort] = [await freePort(), await freePort()];
    const env = { PORT: `${port}`, MOCK_PORT: `${mockPort}`, DATABASE_URL: `sqlite:${folder}/profiles.sqlite` };
    const npm = start(env, ['npm', 'start'], repositoryRoot);
    await npm.printed(/is running/);

    for (const address of [
      `localhost:${port}/api-docs`,
      `localhost:${mockPort}/`,
      `curl -i http://localhost:${port}`,
    ]) {
      expect(npm.output).toContain(address);
    }
    expect((await createHttpClient(`http://127.0.0.1:${port}`).send('GET', '/ready')).status).toBe(200);

    // npm and its shell end by the signal themselves; `kill` waits for the service as well.
    expect((await npm.kill('SIGINT')).afterMs).toBeLessThan(1_000);
    expect(npm.output).not.toMatch(/error/i);
  });

  it('logs in JSON, unless somebody looks: on a terminal its lines are for people', async () => {
    const { process: child } = await startAndWait();
    const lines = child.output.split('\n').filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: 'info', service: 'user-profile-service', msg: 'Listening' }),
    );

    // script(1) gives it a terminal.
    const [port, mockPort] = [await freePort(), await freePort()];
    const env = { PORT: `${port}`, MOCK_PORT: `${mockPort}`, DATABASE_URL: 'sqlite:b', TERM: 'dumb' };
    const seen = start(env, ['script', '--quiet', '--command', localEntry.join(' '), '/dev/null']);
    await seen.printed(/is running/);
    expect(seen.output).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] .*INFO.*: .*Listening/m);
    expect(seen.output).not.toContain('"msg"');
  });

  it('keeps its data under data/ in the folder it is started in, from one start to the next', async () => {
    const first = await startAndWait();
    const user = await createUser(first.api);
    expect(await first.process.kill('SIGINT')).toMatchObject({ code: 0 });
    expect((await stat(join(folder, 'data/profiles.sqlite'))).size).toBeGreaterThan(0);

    const second = await startAndWait();
    expect(userIn(await second.api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
  });

  it('loses nothing that it has acknowledged when it is killed', async () => {
    const first = await startAndWait();
    const users = await Promise.all(Array.from({ length: 20 }, () => createUser(first.api)));
    await first.process.kill('SIGKILL');

    const second = await startAndWait();
    for (const user of users) expect(userIn(await second.api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
  });

  it('reads its settings from .env', async () => {
    const [port, mockPort] = [await freePort(), await freePort()];
    await writeFile(
      join(folder, '.env'),
      `PORT=${port}\nMOCK_PORT=${mockPort}\nDATABASE_URL=sqlite:elsewhere.sqlite\n`,
    );
    const child = start({});
    await child.printed(/is running/);
    expect((await createHttpClient(`http://127.0.0.1:${port}`).send('GET', '/ready')).status).toBe(200);
    expect((await stat(join(folder, 'elsewhere.sqlite'))).isFile()).toBe(true);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends within a second at %s, whoever is still connected', async (signal) => {
    const { process: child, api, provider } = await startAndWait();
    const { id } = await createUser(api);
    await provider.send('PUT', '/control', { json: { mode: 'hanging' } });

    // A connection that is kept and idle, and a request that waits for the provider.
    const idle = request(`${api.url}/health`, { headers: { connection: 'keep-alive' } }).end();
    const [answer] = await once(idle, 'response');
    answer.resume();
    await once(answer, 'end');
    const hanging = api.send('GET', `/api/users/${id}/enriched`).catch((error: Error) => error);
    await eventually(async () => {
      expect((await provider.send('GET', '/control/requests')).json).toMatchObject({ count: 1 });
    });

    const exit = await child.kill(signal);
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.afterMs).toBeLessThan(1_000);
    await hanging;
  });

  it('uses the provider that it is given, and starts no mock then', async () => {
    const other = await startAndWait();
    const { process: child, api } = await startAndWait({
      ENRICHMENT_URL: other.provider.url,
      DATABASE_URL: 'sqlite:b',
    });
    const { id } = await createUser(api);

    expect((await api.send('GET', `/api/users/${id}/enriched`)).json).toMatchObject({
      enrichedDataStatus: 'available',
    });
    expect(child.output).toContain(other.provider.url.replace(/^http:/, ''));
    expect((await other.provider.send('GET', '/control/requests')).json).toMatchObject({ count: 1 });
  });

  it('names everything that is wrong with its configuration at once, and no value', async () => {
    const child = start({
      PORT: 'eighty',
      DATABASE_URL: 'oracle://scott:s3cret-tiger@db/profiles',
      DATABASE_POOL_MAX: '0',
      ENRICHMENT_URL: 'ftp://provider.example',
      ENRICHMENT_BREAKER_RESET_MS: 'soon',
      LOG_LEVEL: 'loud',
      MOCK_MODE: 'drunk',
    });
    expect(await child.exited).toMatchObject({ code: 78 });
    for (const name of [
      'PORT',
      'DATABASE_URL',
      'DATABASE_POOL_MAX',
      'ENRICHMENT_URL',
      'ENRICHMENT_BREAKER_RESET_MS',
      'LOG_LEVEL',
      'MOCK_MODE',
    ]) {
      expect(child.output).toMatch(new RegExp(`^ +- ${name} `, 'm'));
    }
    expect(child.output).not.toContain('s3cret-tiger');
  });

  it('runs one process, and says so when it shall run more', async () => {
    const child = start({ WORKERS: '2' });
    expect(await child.exited).toMatchObject({ code: 78 });
    expect(child.output).toContain('- WORKERS must be 1 with npm start; npm run start:production takes more');
  });

  it.each(['PORT', 'MOCK_PORT'])('says so when %s is in use', async (variable) => {
    const occupant = createServer().listen(0, '0.0.0.0');
    await once(occupant, 'listening');
    const taken = (occupant.address() as { port: number }).port;

    const child = start({ PORT: `${await freePort()}`, MOCK_PORT: `${await freePort()}`, [variable]: `${taken}` });
    expect(await child.exited).toMatchObject({ code: 1 });
    expect(child.output).toContain(`Port ${taken} is in use`);
    expect(child.output).not.toContain('    at ');
    occupant.close();
    await once(occupant, 'close');
  });
});
