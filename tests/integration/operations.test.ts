import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { createProfiles, databaseConfig, openMigrator, profilesConfig } from '../../src/profiles/index.ts';
import { buildUserBody } from '../helpers/build-user.ts';
import { describeOnEachEngine, engines } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { conformingAgent } from '../helpers/openapi-conformance.ts';
import { startProfiles } from '../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

describeOnEachEngine('/ready', (engine) => {
  it('is 503 until the migrations have been run by somebody else, then 200', async () => {
    const database = await engine.create();
    const messages: string[] = [];
    const destination = { write: (line: string) => void messages.push(JSON.parse(line).msg) };
    const logger = createLogger({ level: 'info', service: 'test', destination });
    const config = profilesConfig({
      DATABASE_URL: database.url,
      ENRICHMENT_URL: 'http://127.0.0.1:9',
      HOST: '127.0.0.1',
      PORT: '0',
      SHUTDOWN_DRAIN_MS: '0',
    });
    const profiles = createProfiles(config, { applyMigrations: false, logger });
    const { port } = await profiles.start();
    const api = conformingAgent(`http://127.0.0.1:${port}`);
    try {
      await eventually(() => expect(messages).toContainEqual(expect.stringContaining('run npm run migrate')));
      expect((await api.get('/ready')).status).toBe(503);
      const early = await api.post('/api/users').send(buildUserBody());
      expect([early.status, early.body.code]).toEqual([503, 'database-unavailable']);
      expect(Number(early.headers['retry-after'])).toBeGreaterThan(0);

      const { migrator, close } = openMigrator(databaseConfig({ DATABASE_URL: database.url }), { applies: true });
      await migrator.up();
      await close();
      await eventually(async () => expect((await api.get('/ready')).status).toBe(200));
      expect((await api.post('/api/users').send(buildUserBody())).status).toBe(201);
    } finally {
      await profiles.stop();
      await database.drop();
    }
  });
});

describe('A database that is away', () => {
  it('leaves /health at 200 and answers 503 with Retry-After elsewhere', async () => {
    // A port that nobody listens on, found by having listened on it.
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port: closedPort } = taken.address() as AddressInfo;
    taken.close();
    await once(taken, 'close');

    const config = profilesConfig({
      DATABASE_URL: `mysql://root@127.0.0.1:${closedPort}/profiles`,
      ENRICHMENT_URL: 'http://127.0.0.1:9',
      HOST: '127.0.0.1',
      PORT: '0',
      SHUTDOWN_DRAIN_MS: '0',
    });
    const profiles = createProfiles(config, {
      applyMigrations: false,
      logger: createLogger({ level: 'silent', service: 'test' }),
    });
    const { port } = await profiles.start();
    const api = conformingAgent(`http://127.0.0.1:${port}`);
    try {
      expect((await api.get('/health')).status).toBe(200);
      expect((await api.get('/ready')).status).toBe(503);
      for (const request of [
        api.get('/api/users'),
        api.get('/api/users/a'),
        api.get('/api/users/a/enriched'),
        api.delete('/api/users/a'),
      ]) {
        const response = await request;
        expect([response.status, response.body.code]).toEqual([503, 'database-unavailable']);
        expect(response.headers['retry-after']).toBe('2');
      }
    } finally {
      await profiles.stop();
    }
  });
});

describe('A stop', () => {
  it('lets a running request finish, and closes idle connections at once', async () => {
    const profiles = await startProfiles(sqlite);
    const api = conformingAgent(profiles.url);
    const { id } = (await api.post('/api/users').send(buildUserBody())).body;
    const idle = connect({ host: '127.0.0.1', port: Number(new URL(profiles.url).port) });
    await once(idle, 'connect');

    profiles.mock.control.change({ mode: 'slow', latencyMs: 200 });
    const running = fetch(`${profiles.url}/api/users/${id}/enriched`);
    await eventually(() => expect(profiles.mock.control.requests().count).toBe(1));
    const stopped = profiles.stop();
    const answer = await running;
    expect(await answer.json()).toMatchObject({ id, enrichedDataStatus: 'available' });
    // Told so, the client does not keep the connection, which would hold up the stop.
    expect(answer.headers.get('connection')).toBe('close');
    const answeredAt = performance.now();
    await stopped;
    expect(performance.now() - answeredAt).toBeLessThan(900);
    await expect(fetch(`${profiles.url}/health`)).rejects.toThrow();
    idle.destroy();
  });

  it('while it starts leaves nothing running', async () => {
    const database = await sqlite.create();
    const env = { DATABASE_URL: database.url, ENRICHMENT_URL: 'http://127.0.0.1:9', HOST: '127.0.0.1', PORT: '0' };
    const profiles = createProfiles(profilesConfig(env), {
      applyMigrations: true,
      logger: createLogger({ level: 'silent', service: 'test' }),
    });
    const starting = profiles.start();
    await profiles.stop();
    await expect(starting).rejects.toThrow('stopped while it started');
    await database.drop();
  });

  it('cuts what has not finished within the grace', async () => {
    const profiles = await startProfiles(sqlite);
    const api = conformingAgent(profiles.url);
    const { id } = (await api.post('/api/users').send(buildUserBody())).body;
    profiles.mock.control.change({ mode: 'hanging' });
    const running = fetch(`${profiles.url}/api/users/${id}/enriched`).then(
      () => 'answered',
      () => 'cut',
    );
    await eventually(() => expect(profiles.mock.control.requests().count).toBe(1));
    await profiles.stop();
    expect(await running).toBe('cut');
  });
});

describeOnEachEngine('A database that goes silent', (engine) => {
  if (engine.name === 'SQLite') return;
  it('makes /ready say so, and does not hold up a stop', async () => {
    const database = await engine.create();
    const server = new URL(database.url);
    let muted = false;
    const sockets = new Set<Socket>();
    // Once muted it swallows what it gets, both ways, as a network that drops packets does.
    const link = createServer((incoming) => {
      const outgoing = connect(Number(server.port), server.hostname);
      for (const [from, to] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        from.on('data', (chunk) => muted || to.write(chunk));
      }
    }).listen(0, '127.0.0.1');
    await once(link, 'listening');
    const throughLink = new URL(database.url);
    throughLink.port = String((link.address() as AddressInfo).port);

    const env = { DATABASE_URL: throughLink.href, ENRICHMENT_URL: 'http://127.0.0.1:9', HOST: '127.0.0.1', PORT: '0' };
    const config = profilesConfig({ ...env, SHUTDOWN_DRAIN_MS: '0', SHUTDOWN_GRACE_MS: '4000' });
    const profiles = createProfiles(config, {
      applyMigrations: true,
      logger: createLogger({ level: 'silent', service: 'test' }),
    });
    const { port, schemaReady } = await profiles.start();
    await schemaReady;
    const api = conformingAgent(`http://127.0.0.1:${port}`);
    expect((await api.get('/ready')).status).toBe(200);

    muted = true;
    // What was found out is told for a second.
    await eventually(async () => expect((await api.get('/ready')).status).toBe(503));
    expect((await api.get('/health')).status).toBe(200);
    const startedAt = performance.now();
    await profiles.stop();
    expect(performance.now() - startedAt).toBeLessThan(4000);

    for (const socket of sockets) socket.destroy();
    link.close();
    await database.drop();
  });
});

describe('The pages', () => {
  it('lead from every problem to its explanation, and from the docs to the description', async () => {
    const profiles = await startProfiles(sqlite);
    try {
      const api = conformingAgent(profiles.url);
      const { type } = (await api.get('/api/users/nobody')).body;
      const page = await api.get(type);
      expect(page.status).toBe(200);
      expect(page.text).toContain('<code>user-not-found</code>, HTTP status 404');
      expect((await api.get('/problems')).text).toContain(type);
      expect((await api.get('/problems/unauthorized')).text).toContain('Bearer &lt;token&gt;');
      expect((await api.get('/problems/unheard-of')).status).toBe(404);
      expect((await api.get('/openapi.yaml')).text).toContain('openapi: 3.1');
      expect((await api.get('/openapi.json')).body.openapi).toMatch(/^3\.1/);
      const docs = await fetch(`${profiles.url}/api-docs`);
      expect([docs.status, docs.url]).toEqual([200, `${profiles.url}/api-docs/`]);
      expect((await fetch(`${profiles.url}/api-docs/`, { method: 'POST' })).status).toBe(405);
      const css = (headers: Record<string, string>) => fetch(`${profiles.url}/api-docs/swagger-ui.css`, { headers });
      expect((await css({ range: 'bytes=999999999-' })).status).toBe(200);
      expect((await css({ 'if-match': '"x"' })).status).toBe(200);
      expect((await fetch(`${profiles.url}/api-docs/nothing.js`)).status).toBe(404);
    } finally {
      await profiles.stop();
    }
  });
});
