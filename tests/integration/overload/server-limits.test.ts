import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { type HttpServer, startHttpServer } from '../../../src/platform/http/server.ts';
import { type ServerLimits, serverLimits } from '../../../src/platform/http/server-limits.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const problems = createProblemCatalogue(platformProblems);
const events = new EventStream<HttpEvent>((error) => {
  throw error;
});
let server: HttpServer | undefined;
const sockets: Socket[] = [];

async function serve(handler: RequestListener, limits: Partial<ServerLimits> = {}): Promise<void> {
  const options = { host: '127.0.0.1', port: 0, events, problems, limits: { ...serverLimits, ...limits } };
  server = await startHttpServer(handler, options);
}

/** A connection on which nothing is read until the test does. */
function open(bytes: string): Socket {
  const socket = connect(server?.port ?? 0, '127.0.0.1').pause();
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  sockets.push(socket);
  return socket;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop(0);
});

const get = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';
/** More than the kernel keeps for a connection. */
const large = Buffer.alloc(16 * 1024 * 1024, 'x');

describe('A client that does not read its answer', () => {
  it('is cut when its time is over, also if it takes a little now and then', async () => {
    const closed: ServerResponse[] = [];
    await serve(
      (_req, res) => {
        res.once('close', () => closed.push(res));
        res.end(large);
      },
      { answerTimeoutMs: 500, checkEveryMs: 50 },
    );
    const startedAt = performance.now();
    open(get);
    const dripping = open(get);
    const drip = setInterval(() => dripping.read(1), 20);
    await eventually(() => expect(closed).toHaveLength(2));
    clearInterval(drip);
    expect(performance.now() - startedAt).toBeGreaterThan(450);
    expect(closed.map(({ writableFinished }) => writableFinished)).toEqual([false, false]);
  });

  it('is cut, the oldest first, when too much waits in all', async () => {
    const closed: string[] = [];
    await serve(
      (req, res) => {
        res.once('close', () => closed.push(req.url ?? ''));
        res.end(large);
      },
      { unsentBytesMax: 2.5 * large.length, checkEveryMs: 50 },
    );
    for (const path of ['/1', '/2', '/3', '/4']) {
      const socket = open(get.replace('/', path));
      await once(socket, 'connect');
    }
    await eventually(() => expect(closed.toSorted()).toEqual(['/1', '/2']));
  });

  it('does not trouble one that reads', async () => {
    await serve((_req, res) => void res.end(large), { answerTimeoutMs: 5_000, unsentBytesMax: 2 * large.length });
    const received = await text(open(get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')));
    expect(received.length).toBeGreaterThan(large.length);
  });
});

describe('A connection', () => {
  it('that is filled with requests and left leaves none of them behind', async () => {
    let started = 0;
    let ended = 0;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await serve((_req, res) => {
      started += 1;
      res.once('close', () => (ended += 1));
      void released.then(() => res.end('late'));
    });
    const socket = open(get.repeat(5));
    await eventually(() => expect(started).toBe(5));
    socket.destroy();
    await eventually(() => expect(ended).toBe(5));
    release();
  });

  it.each([
    ['headers', { headersTimeoutMs: 300 }, 'GET / HTTP/1.1\r\nHost: test\r\nX-Slow:'],
    [
      'body',
      { headersTimeoutMs: 300, requestTimeoutMs: 600 },
      'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n1',
    ],
  ])('whose %s do not come is answered with 408 and closed', async (_what, limits, bytes) => {
    await serve((req) => void req.resume(), limits);
    const answer = await text(open(bytes));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request-timeout"');
  });

  it('on which nothing is ever said is closed without a word, and nobody hears of it', async () => {
    await serve((_req, res) => void res.end(), { headersTimeoutMs: 300 });
    const told: HttpEvent[] = [];
    const end = events.subscribe((event) => void told.push(event));
    expect(await text(open(''))).toBe('');
    end();
    expect(told).toEqual([]);
  });

  it('beyond the number that is allowed is closed at once', async () => {
    await serve((_req, res) => void res.end('here'), { connectionsMax: 1 });
    const first = open(get);
    await once(first, 'connect');
    expect(await text(open(get))).toBe('');
  });

  it('may carry as many headers as fit, none of which is dropped', async () => {
    const { promise: last, resolve } = Promise.withResolvers<unknown>();
    await serve((req, res) => {
      resolve(req.headers['x-last']);
      res.end();
    });
    open(`GET / HTTP/1.1\r\nHost: test\r\n${'a:\r\n'.repeat(2_500)}X-Last: here\r\n\r\n`);
    expect(await last).toBe('here');
  });

  it('is told that its headers are too large when they are', async () => {
    await serve((_req, res) => void res.end());
    const answer = await text(open(`GET / HTTP/1.1\r\nHost: test\r\nX-Large: ${'x'.repeat(17_000)}\r\n\r\n`));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('A client that asks before it sends its body', () => {
  const ask = (bytes: number, path = '/api/users') =>
    `POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\nExpect: 100-continue\r\n\r\n`;

  it('is told to go on, or the reason why not before it has sent anything', async () => {
    const profiles = await startProfiles(sqlite);
    const { hostname, port } = new URL(profiles.url);
    const send = (bytes: string): Socket => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.write(bytes);
      return socket;
    };
    try {
      expect(await text(send(ask(100 * 1024 + 1)))).toMatch(/^HTTP\/1\.1 413 /);
      expect(await text(send(ask(10, '/api/nothing')))).toMatch(/^HTTP\/1\.1 404 /);

      const body = JSON.stringify({ name: 'Ada', email: 'ada@example.com' });
      const socket = send(ask(body.length));
      const [interim] = await once(socket, 'data');
      expect(String(interim)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      socket.write(body);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 201 /);
    } finally {
      await profiles.stop();
    }
  });
});
