import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { type HttpServer, startHttpServer } from '../../../src/platform/http/server.ts';
import { serverLimits } from '../../../src/platform/http/server-limits.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const { answersPerConnectionMax: most } = serverLimits;
const get = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';

function open(port: number, bytes = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  return socket;
}

describe('A client that sends requests ahead of their answers', () => {
  let server: HttpServer | undefined;
  let socket: Socket | undefined;
  const answers: ServerResponse[] = [];
  let closed = 0;

  async function serve(handler: RequestListener): Promise<number> {
    const events = new EventStream<HttpEvent>((error) => {
      throw error;
    });
    const problems = createProblemCatalogue(platformProblems);
    const listener: RequestListener = (req, res) => {
      answers.push(res);
      res.once('close', () => (closed += 1));
      handler(req, res);
    };
    server = await startHttpServer(listener, { host: '127.0.0.1', port: 0, events, problems });
    return server.port;
  }

  afterEach(async () => {
    answers.length = 0;
    closed = 0;
    socket?.destroy();
    await server?.stop(0);
  });

  it('is answered as far as is allowed, told that this was all, and let go', async () => {
    const port = await serve(() => {});
    socket = open(port, get.repeat(most + 2));
    const received = text(socket);
    await eventually(() => expect(answers).toHaveLength(most));
    // Not in the order in which they have to go out.
    for (const [index, res] of [...answers.entries()].toReversed()) res.end(`answer ${index}`);

    const bodies = [...(await received).matchAll(/answer \d+/g)].map(([body]) => body);
    expect(bodies).toEqual(Array.from({ length: most }, (_, index) => `answer ${index}`));
    expect([...(await received).matchAll(/Connection: (.*)\r/g)].map(([, value]) => value)).toEqual([
      ...Array<string>(most - 1).fill('keep-alive'),
      'close',
    ]);
    expect(answers).toHaveLength(most);
    expect(await server?.stop(1_000)).toBe(0);
  });

  it('is let go behind an answer that had begun before', async () => {
    const port = await serve((_req, res) => void res.write('begun'));
    socket = open(port, get.repeat(most + 1));
    const received = text(socket);
    await eventually(() => expect(answers).toHaveLength(most));
    for (const res of answers) res.end(', ended');

    expect((await received).match(/, ended/g)).toHaveLength(most);
  });

  it('is cut when it sends a flood, and leaves no answer behind', async () => {
    const port = await serve(() => {});
    socket = open(port, get.repeat(2_000));

    expect(await text(socket)).toBe('');
    await eventually(() => expect(closed).toBe(most));
    expect(answers).toHaveLength(most);
    expect(await server?.stop(1_000)).toBe(0);
  });

  it('may send as many in all as it likes', async () => {
    const port = await serve((_req, res) => void res.end('answer'));
    socket = open(port);
    for (let round = 1; round <= 10; round += 1) {
      socket.write(get.repeat(most));
      await eventually(() => expect(closed).toBe(round * most));
    }
    expect(socket.closed).toBe(false);
  });
});

describe('A crowd that asks for the description again and again, and does not read it', () => {
  it('gets a bounded number of answers, and is gone from the metrics afterwards', async () => {
    const profiles = await startProfiles(sqlite);
    const port = Number(new URL(profiles.url).port);
    const metrics = async (): Promise<string> => await (await fetch(`${profiles.url}/metrics`)).text();
    try {
      const crowd = Array.from({ length: 6 }, () => open(port).pause());
      await Promise.all(crowd.map(async (socket) => await once(socket, 'connect')));
      for (const socket of crowd) socket.write('GET /openapi.json HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(1_500));
      for (const socket of crowd) socket.resume();
      await Promise.all(crowd.map(async (socket) => socket.closed || (await once(socket, 'close'))));

      await eventually(async () => expect(await metrics()).toContain('\nhttp_requests_in_flight 1\n'));
      const asked = [...(await metrics()).matchAll(/^http_requests_(?:total|abandoned_total)\{.*openapi.* (\d+)$/gm)];
      const handled = asked.reduce((sum, [, count]) => sum + Number(count), 0);
      expect(handled).toBeGreaterThan(0);
      expect(handled).toBeLessThanOrEqual(crowd.length * most);
    } finally {
      await profiles.stop();
    }
  });
});
