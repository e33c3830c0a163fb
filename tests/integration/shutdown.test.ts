import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../helpers/build-user.ts';
import { engines } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { conformingAgent, expectConforms } from '../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const drainMs = 1_000;

describe('The stop of a service that drains', () => {
  let profiles: RunningProfiles;
  let stopped: Promise<void> | undefined;
  let agent: Agent;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    profiles = await startProfiles(sqlite, { SHUTDOWN_DRAIN_MS: `${drainMs}`, SHUTDOWN_GRACE_MS: '10000' });
    stopped = undefined;
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(async () => {
    agent.destroy();
    for (const socket of sockets.splice(0)) socket.destroy();
    await (stopped ?? profiles.stop());
  });

  /** Sends a request on the one connection of the agent. */
  const send = async (method: string, path: string, body?: object): Promise<IncomingMessage> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request(new URL(path, profiles.url), { agent, method, headers });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return answer;
  };
  const open = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(profiles.url).port) });
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const listens = () =>
    open().then(
      () => true,
      () => false,
    );

  it('says at once that it is not ready, and serves on, each answer ending its connection', async () => {
    const first = await send('GET', '/ready');
    expect([first.statusCode, first.headers.connection]).toEqual([200, 'keep-alive']);
    await text(first);
    const kept = Object.values(agent.freeSockets).flat().length;
    expect(kept).toBe(1);

    stopped = profiles.stop();
    // A request is on its way on a connection that was kept.
    const notReady = await send('GET', '/ready');
    expect([notReady.statusCode, notReady.headers.connection]).toEqual([503, 'close']);
    expect(await json(notReady)).toMatchObject({
      status: 'not-ready',
      checks: { database: { status: 'up' }, shutdown: { status: 'down' } },
    });
    // And others come on new ones.
    const api = conformingAgent(profiles.url);
    expect((await api.get('/ready')).status).toBe(503);
    for (let number = 0; number < 5; number++) {
      const created = await api.post('/api/users').send(buildUserBody());
      expect([created.status, created.headers['connection']]).toEqual([201, 'close']);
    }
    expect((await api.get('/health')).status).toBe(200);
    expect(agent.freeSockets).toEqual({});
  });

  it('takes requests until the drain is over, then no connections', async () => {
    const startedAt = performance.now();
    stopped = profiles.stop();
    let lastTakenMs = 0;
    const takesNone = async (): Promise<void> => {
      const takes = await listens();
      if (takes) lastTakenMs = performance.now() - startedAt;
      expect(takes).toBe(false);
    };
    await eventually(takesNone);
    expect(lastTakenMs).toBeGreaterThan(drainMs * 0.8);
    await stopped;
  });

  it('refuses a request that comes on an open connection when the drain is over', async () => {
    const late = await open();
    late.write('GET /api/users HTTP/1.1\r\nHost: localhost\r\n');
    await eventually(() => expect(late.bytesWritten).toBeGreaterThan(0));
    stopped = profiles.stop();
    await eventually(async () => expect(await listens()).toBe(false));
    late.write('\r\n');
    const answer = await text(late);

    const [head = '', body = ''] = answer.split('\r\n\r\n');
    const headers = Object.fromEntries(
      head
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(/: (.*)/s, 2).map((part, index) => (index === 0 ? part.toLowerCase() : part))),
    ) as Record<string, string>;
    expect(head).toMatch(/^HTTP\/1\.1 503 /);
    expect(JSON.parse(body)).toMatchObject({ code: 'shutting-down' });
    expect(headers).toMatchObject({ 'retry-after': '1', connection: 'close' });
    expectConforms({ method: 'GET', path: '/api/users', status: 503, headers, body });
  });

  it('does not wait for connections that are silent, whether they were ever used or not', async () => {
    await text(await send('GET', '/health'));
    const [kept] = Object.values(agent.freeSockets).flat();
    const unused = await open();
    const startedAt = performance.now();
    const closed = [kept, unused].map(async (socket) => {
      if (socket !== undefined) await once(socket, 'close');
      return performance.now() - startedAt;
    });
    unused.resume();
    stopped = profiles.stop();

    for (const afterMs of await Promise.all(closed)) {
      // Not before: a request might have been on its way. Not at the end of the grace.
      expect(afterMs).toBeGreaterThan(drainMs * 0.9);
      expect(afterMs).toBeLessThan(drainMs + 1_500);
    }
    await stopped;
  });

  it('logs each step', async () => {
    stopped = profiles.stop();
    await stopped;
    const steps = ['Starting', 'Listening', 'Ready', 'Not ready', 'Draining', 'Stopped'];
    const told = profiles.logged.filter(({ msg }) => steps.includes(String(msg)));
    expect(told.map(({ msg, level }) => [msg, level])).toEqual(steps.map((step) => [step, 'info']));
  });
});

describe('A provider that is down', () => {
  it('does not make the service unready', async () => {
    const profiles = await startProfiles(sqlite);
    try {
      const api = conformingAgent(profiles.url);
      const { id } = (await api.post('/api/users').send(buildUserBody())).body;
      profiles.mock.control.change({ mode: 'reset' });
      const ask = async () => (await api.get(`/api/users/${id}/enriched`)).body.enrichedDataStatus;
      for (let call = 0; call < 5; call++) expect(await ask()).toBe('unavailable');
      expect(profiles.logged).toContainEqual(expect.objectContaining({ msg: 'Circuit Breaker OPEN' }));

      await eventually(async () => {
        const { body, status } = await api.get('/ready');
        const asked = Object.keys(body.checks).sort();
        expect([status, asked]).toEqual([200, ['database', 'disk', 'event-loop', 'memory', 'shutdown']]);
      });
    } finally {
      await profiles.stop();
    }
  });
});

describe('The gauges of readiness', () => {
  it('follow what /ready says, and the shutdown at once', async () => {
    const profiles = await startProfiles(sqlite, { SHUTDOWN_DRAIN_MS: '500', SHUTDOWN_GRACE_MS: '5000' });
    const scrape = async () => await (await fetch(`${profiles.url}/metrics`)).text();
    let stopped: Promise<void> | undefined;
    try {
      expect(await scrape()).toMatch(/^service_ready 1$/m);
      for (const check of ['database', 'memory', 'disk', 'event-loop', 'shutdown']) {
        expect(await scrape()).toContain(`\nreadiness_check_up{check="${check}"} 1\n`);
      }
      stopped = profiles.stop();
      const last = await scrape();
      expect(last).toMatch(/^service_ready 0$/m);
      expect(last).toContain('\nreadiness_check_up{check="shutdown"} 0\n');
    } finally {
      await (stopped ?? profiles.stop());
    }
  });
});
