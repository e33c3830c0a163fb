import { readdirSync, readlinkSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { apiDocs } from '../../../src/platform/http/api-docs.ts';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { type HttpServer, startHttpServer } from '../../../src/platform/http/server.ts';
import { serverLimits } from '../../../src/platform/http/server-limits.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

describe('The files of Swagger UI', () => {
  let profiles: RunningProfiles;
  beforeAll(async () => {
    profiles = await startProfiles(sqlite);
  });
  afterAll(async () => {
    await profiles.stop();
  });

  const file = async (name: string, init: RequestInit = {}): Promise<Response> =>
    await fetch(`${profiles.url}/api-docs/${name}`, init);

  it('are all there that the page loads, with the types that browsers insist on', async () => {
    const html = await (await file('')).text();
    const names = Array.from(html.matchAll(/(?:src|href)="\.\/([^"]+)"/g), ([, name = '']) => name);

    expect(names).toEqual(expect.arrayContaining(['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-init.js']));
    for (const name of names) {
      const answer = await file(name);
      const type = name.endsWith('.css') ? /^text\/css/ : name.endsWith('.js') ? /javascript/ : /^image\/png$/;
      expect([name, answer.status, answer.headers.get('content-type')]).toEqual([
        name,
        200,
        expect.stringMatching(type),
      ]);
      expect((await answer.bytes()).length).toBeGreaterThan(100);
    }
    expect(await (await file('swagger-ui-init.js')).text()).toContain('"url": "/openapi.json"');
  });

  it('are sent once to a browser that keeps them', async () => {
    const first = await file('swagger-ui.css');
    const entityTag = first.headers.get('etag') ?? '';
    expect([first.headers.get('cache-control'), (await first.bytes()).length > 0]).toEqual(['public, max-age=0', true]);

    // `fetch` asks for a fresh answer unless it is told otherwise.
    const ask = async (known: string): Promise<Response> =>
      await file('swagger-ui.css', { headers: { 'If-None-Match': known, 'Cache-Control': 'max-age=0' } });
    const again = await ask(entityTag);
    expect([again.status, again.headers.get('etag'), (await again.bytes()).length]).toEqual([304, entityTag, 0]);
    expect((await ask('"other"')).status).toBe(200);
  });

  it('are these alone', async () => {
    for (const name of ['package.json', 'index.html', 'nothing.js', '..%2Fpackage.json', 'swagger-ui.css%00']) {
      const answer = await file(name);
      expect([name, answer.status]).toEqual([name, 404]);
      expect(await answer.json()).toMatchObject({ code: 'route-not-found' });
    }
  });

  it('are counted under one route', async () => {
    for (const name of ['swagger-ui.css', 'favicon-16x16.png']) await (await file(name)).bytes();
    await eventually(async () => {
      const metrics = await (await fetch(`${profiles.url}/metrics`)).text();
      expect(metrics).toContain('\nhttp_requests_total{method="GET",route="/api-docs/:file",status="200"}');
      expect(metrics).not.toContain('/api-docs/api-docs');
    });
  });
});

describe('A client that asks for files of Swagger UI', () => {
  let server: HttpServer;
  let socket: Socket;
  const answers: ServerResponse[] = [];
  let closed = 0;

  /** Sends the requests, and reads nothing. */
  async function ask(path: string, times: number, answerTimeoutMs: number): Promise<void> {
    const app = express().use((_req, res, next) => {
      answers.push(res);
      res.once('close', () => (closed += 1));
      next();
    });
    app.use(apiDocs('{ openapi: 3.1.0, info: { title: Test, version: 1.0.0 } }'));
    const events = new EventStream<HttpEvent>((error) => {
      throw error;
    });
    const problems = createProblemCatalogue(platformProblems);
    const limits = { ...serverLimits, answerTimeoutMs, checkEveryMs: 50 };
    server = await startHttpServer(app, { host: '127.0.0.1', port: 0, events, problems, limits });
    socket = connect(server.port, '127.0.0.1').pause();
    socket.on('error', () => socket.destroy());
    socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`.repeat(times));
    await eventually(() => expect(answers).toHaveLength(times));
  }

  afterEach(async () => {
    socket.destroy();
    await server.stop(0);
    answers.length = 0;
    closed = 0;
  });

  it('and hangs up leaves none of them open', async () => {
    await ask('/api-docs/swagger-ui-bundle.js', 8, 30_000);
    socket.destroy();
    await eventually(() => expect(closed).toBe(8));

    expect(openFiles().filter((path) => path.includes('swagger-ui'))).toEqual([]);
  });

  it('and does not read them is cut when its time is over', async () => {
    await ask('/api-docs/swagger-ui-bundle.js', 8, 300);

    await eventually(() => expect(closed).toBe(8));
    expect(answers.at(-1)?.writableFinished).toBe(false);
  });
});

/** What this process has open. */
function openFiles(): readonly string[] {
  const folder = '/proc/self/fd';
  return readdirSync(folder).flatMap((descriptor) => {
    try {
      return [readlinkSync(`${folder}/${descriptor}`)];
    } catch {
      // The one that has read the folder is closed by now.
      return [];
    }
  });
}
