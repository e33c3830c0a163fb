import { once } from 'node:events';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { conformingAgent } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

describe('A service with more work than its database can do', () => {
  let profiles: RunningProfiles;
  let api: ReturnType<typeof conformingAgent>;
  let blocker: DatabaseSync;
  let waiting: Promise<{ status: number }>[];

  /** One change is at the database, which is locked, and one waits for its turn: there is room for no more. */
  beforeEach(async () => {
    const database = await sqlite.create();
    const engine = { ...sqlite, create: () => Promise.resolve(database) };
    profiles = await startProfiles(engine, { DATABASE_POOL_MAX: '1', DATABASE_QUEUE_MAX: '1' });
    api = conformingAgent(profiles.url);
    blocker = new DatabaseSync(database.url.replace('sqlite:', ''));
    blocker.exec('BEGIN IMMEDIATE');
    waiting = [];
    for (const gauge of ['database_admission_in_use 1', 'database_admission_queued 1']) {
      waiting.push(Promise.resolve(api.post('/api/users').send(buildUserBody())));
      await eventually(async () => expect(await metrics()).toContain(`\n${gauge}\n`));
    }
  });
  afterEach(async () => {
    blocker.close();
    await Promise.all(waiting);
    await profiles.stop();
  });

  const metrics = async (): Promise<string> => await (await fetch(`${profiles.url}/metrics`)).text();

  it('refuses the rest at once, without reading it, and says when to come back', async () => {
    const answers = [
      await api.get('/api/users').set('X-Request-Id', 'mine'),
      await api.get('/api/users/nobody?x=%00'),
      await api.post('/api/users').send({ not: 'looked at' }),
      await api.get('/api/users/nobody/enriched'),
    ];
    for (const { status, body, headers } of answers) {
      expect([status, body.code, headers['retry-after']]).toEqual([503, 'overloaded', '1']);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-request-id': body.requestId });
    }
    expect(answers.map(({ body }) => body.instance)).toEqual([
      '/api/users',
      '/api/users/nobody',
      '/api/users',
      '/api/users/nobody/enriched',
    ]);
    expect(answers[0]?.headers['x-request-id']).toBe('mine');
  });

  it.each([
    'http://test/api/nothing',
    'http://test:80/api?x=1',
    '/api#x',
    'http://test/api',
  ])('refuses %s, too, which is the API by another form of address', async (target) => {
    const { hostname, port } = new URL(profiles.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 503 .*"code":"overloaded"/s);
  });

  it('lets pass what only has the API in its name or behind it', async () => {
    const { hostname, port } = new URL(profiles.url);
    for (const target of ['http://test/health', 'http://api/health?/api', '/health?x=/api/users', '/apis']) {
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
      expect(await text(socket)).not.toMatch(/^HTTP\/1\.1 503 /);
    }
  });

  it('still answers whoever looks after it', async () => {
    for (const path of ['/health', '/ready', '/metrics', '/problems/overloaded', '/openapi.json', '/api-docs/']) {
      expect([path, (await fetch(`${profiles.url}${path}`)).status]).toEqual([path, 200]);
    }
  });

  it('does the work it has taken, and all again afterwards', async () => {
    expect((await api.get('/api/users')).status).toBe(503);
    blocker.exec('ROLLBACK');
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([201, 201]);
    expect((await api.get('/api/users')).body.data).toHaveLength(2);
  });

  it('refuses what has waited too long for its turn, and leaves the breaker alone', async () => {
    const [, queued] = await Promise.all(waiting);
    expect(queued?.status).toBe(503);
    expect(await metrics()).toContain('\nhttp_requests_shed_total{reason="queue-timeout"} 1\n');
    expect(profiles.logged.filter(({ msg }) => String(msg).startsWith('Circuit Breaker'))).toEqual([]);
  });

  it('counts the refusals as what they are to users, and logs them in one line a second', async () => {
    const loggedBefore = profiles.logged.length;
    await Promise.all(Array.from({ length: 50 }, () => api.get('/api/users')));
    const text = await metrics();
    expect(text).toContain('\nhttp_requests_shed_total{reason="queue-full"} 50\n');
    expect(text).toContain('\nhttp_requests_total{method="GET",route="unmatched",status="503"} 50\n');
    expect(text).toContain('\nhttp_problems_total{code="overloaded"} 50\n');
    const lines = () => profiles.logged.slice(loggedBefore).filter(({ requests }) => requests !== undefined);
    await eventually(() => expect(lines()).toHaveLength(1));
    expect(lines()[0]).toMatchObject({ level: 'warn', requests: { 'queue-full': 50 } });
    expect(profiles.logged.slice(loggedBefore).filter(({ status }) => status === 503)).toEqual([]);
  });
});

describe('A crowd that comes in one moment', () => {
  it('gets as many places as there are in the line, and is otherwise refused at the gate', async () => {
    const database = await sqlite.create();
    const engine = { ...sqlite, create: () => Promise.resolve(database) };
    const profiles = await startProfiles(engine, { DATABASE_POOL_MAX: '1', DATABASE_QUEUE_MAX: '5' });
    const { hostname, port } = new URL(profiles.url);
    const blocker = new DatabaseSync(database.url.replace('sqlite:', ''));
    try {
      const sockets = Array.from({ length: 100 }, () => connect(Number(port), hostname));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      blocker.exec('BEGIN IMMEDIATE');
      const holding = conformingAgent(profiles.url).post('/api/users').send(buildUserBody());
      const held = Promise.resolve(holding);
      await eventually(async () => {
        expect(await (await fetch(`${profiles.url}/metrics`)).text()).toContain('\ndatabase_admission_in_use 1\n');
      });

      // Those who ask for a profile would stand in line as one.
      for (const socket of sockets) {
        socket.write('GET /api/users/nobody/changes HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
      }
      const answers = sockets.map((socket) => text(socket));
      await Promise.race(answers);
      blocker.exec('ROLLBACK');
      expect((await held).status).toBe(201);
      const statuses = (await Promise.all(answers)).map((answer) => answer.slice(9, 12));
      expect(statuses.toSorted()).toEqual([...Array<string>(5).fill('404'), ...Array<string>(95).fill('503')]);
      // One that is refused behind the gate has a line in the log.
      expect(profiles.logged.filter(({ status }) => status === 503)).toEqual([]);
    } finally {
      blocker.close();
      await profiles.stop();
    }
  });
});
