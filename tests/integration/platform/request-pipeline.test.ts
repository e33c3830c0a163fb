import { request as sendRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../../src/platform/domain-error.ts';
import { createApp } from '../../../src/platform/http/create-app.ts';
import { type HotPath, isAtHand, usableHotPaths } from '../../../src/platform/http/hot-path.ts';
import type { HttpEvent, ShedReason } from '../../../src/platform/http/http-events.ts';
import { recordHttp } from '../../../src/platform/http/http-metrics.ts';
import { shedLoad } from '../../../src/platform/http/load-shedding.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { problemHandler, type ProblemHandler } from '../../../src/platform/http/problem-details.ts';
import { requestPipeline } from '../../../src/platform/http/request-pipeline.ts';
import { logRequests } from '../../../src/platform/http/request-log.ts';
import { resource, resourceRouter } from '../../../src/platform/http/resource.ts';
import { jsonAnswer, sendAnswer } from '../../../src/platform/http/responses.ts';
import { type HttpServer, startHttpServer } from '../../../src/platform/http/server.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { noTracing } from '../../../src/platform/telemetry/tracing.ts';
import { eventually } from '../../helpers/eventually.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';

const problems = createProblemCatalogue(platformProblems);
const answer = jsonAnswer(200, { id: 'é' }, { ETag: '"3"' });
const throwing = (): never => {
  throw new Error('fault');
};

interface Answered {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A service of one resource, which has a hot path to `memory`. */
class Scene {
  readonly registry = createMetrics({ service: 'test', version: '1', revision: 'x' });
  readonly logged: Record<string, unknown>[] = [];
  /** Who has answered, in turn. */
  readonly answeredBy: string[] = [];
  answer: HotPath['answer'] = (id, _req, res) => {
    this.answeredBy.push(id);
    sendAnswer(res, answer);
    return undefined;
  };
  /** Answers failures of the hot path instead of the service's own. */
  answerProblem: ProblemHandler | undefined;
  reasonToShed: ShedReason | null = null;
  isAtHand = false;
  readonly stop = { drained: false };
  #server: HttpServer | undefined;

  async start(config: Partial<Parameters<typeof usableHotPaths>[1]> = {}): Promise<void> {
    const events = new EventStream<HttpEvent>(throwing);
    const destination = { write: (line: string) => void this.logged.push(JSON.parse(line)) };
    const logger = createLogger({ level: 'info', service: 'test', destination });
    logRequests(events, logger, problems);
    recordHttp(events, this.registry);
    const things = resourceRouter();
    resource(things, '/api/things/:id', {
      get: [
        (req, res) => {
          this.answeredBy.push('Express');
          if (req.params['id'] === 'faulty') throw new Error('fault');
          sendAnswer(res, answer);
        },
      ],
    });
    const answerProblem = problemHandler(problems, logger);
    const app = createApp({ answerProblem, corsOrigins: [], proxyTrust: null, rateLimit: null, routers: [things] });
    const hotPaths = usableHotPaths(
      [
        {
          route: '/api/things/:id',
          idOf: ({ method, url }) => (method === 'GET' && url === '/api/things/memory' ? 'memory' : null),
          isAtHand: () => this.isAtHand,
          answer: (id, req, res) => this.answer(id, req, res),
        },
      ],
      { corsOrigins: [], rateLimitPerMinute: null, ...config },
      this.stop,
    );
    const shed = shedLoad({
      reasonToShed: () => this.reasonToShed,
      isAtHand: (req) => isAtHand(hotPaths, req),
      events,
      problems,
    });
    const handler = requestPipeline({
      shed,
      events,
      tracing: noTracing,
      hotPaths,
      answerProblem: this.answerProblem ?? answerProblem,
      app,
    });
    this.#server = await startHttpServer(handler, { host: '127.0.0.1', port: 0, events, problems });
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async close(): Promise<void> {
    await this.#server?.stop(1_000);
  }

  /** @returns all headers but the date, their names in lower case */
  async send(method: string, path: string, headers: Record<string, string> = {}): Promise<Answered> {
    return await new Promise((resolve, reject) => {
      const options = { port: this.port, host: '127.0.0.1', method, path, headers, agent: false };
      sendRequest(options, (res) => {
        const raw = res.rawHeaders;
        const pairs = raw.flatMap((name, index) =>
          index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? '']] : [],
        );
        const { date: _date, ...sent } = Object.fromEntries(pairs) as Record<string, string>;
        text(res).then((body) => resolve({ status: res.statusCode, headers: sent, body }), reject);
      })
        .on('error', reject)
        .end();
    });
  }

  async metrics(): Promise<ScrapedMetrics> {
    return new ScrapedMetrics(await this.registry.metrics());
  }
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(async () => await scene.close());

describe('A request that takes the hot path', () => {
  it('is answered as Express would answer it, to the last header', async () => {
    await scene.start();
    const requestId = { 'X-Request-Id': 'r-1' };
    const hot = await scene.send('GET', '/api/things/memory', requestId);
    const routed = await scene.send('GET', '/api/things/other', requestId);
    expect(scene.answeredBy).toEqual(['memory', 'Express']);
    expect(hot).toEqual(routed);
    expect(hot).toMatchObject({ status: 200, body: '{"id":"é"}' });
    expect(hot.headers).toMatchObject({
      'x-request-id': 'r-1',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'content-type': 'application/json; charset=utf-8',
      'content-length': '11',
      etag: '"3"',
    });
  });

  it('gets an id when it brings none, and has its line and its figures', async () => {
    await scene.start();
    const { headers } = await scene.send('GET', '/api/things/memory');
    await scene.send('GET', '/api/things/other');
    await eventually(() => expect(scene.logged).toHaveLength(2));
    const [hot, routed] = scene.logged;
    expect(hot).toEqual({
      ...routed,
      time: expect.any(String),
      requestId: headers['x-request-id'],
      durationMs: expect.any(Number),
    });
    expect(hot).toMatchObject({ method: 'GET', route: '/api/things/:id', status: 200, msg: 'Request answered' });
    const metrics = await scene.metrics();
    expect(metrics.values('http_requests_total')).toEqual({ 'GET /api/things/:id 200': 2 });
    expect(metrics.sum('http_request_duration_seconds_count')).toBe(2);
    expect(metrics.sum('http_requests_in_flight')).toBe(0);
  });

  it.each([
    ['at once', throwing],
    ['later', async () => await Promise.reject(new Error('fault'))],
  ])('gets the problem that the route would answer with when it fails %s', async (_when, fail) => {
    scene.answer = fail;
    await scene.start();
    const requestId = { 'X-Request-Id': 'r-4' };
    const hot = await scene.send('GET', '/api/things/memory', requestId);
    const routed = await scene.send('GET', '/api/things/faulty', requestId);
    expect(hot.headers).toEqual(routed.headers);
    expect(hot).toMatchObject({ status: 500, headers: { 'content-type': expect.stringContaining('problem+json') } });
    expect(JSON.parse(hot.body)).toEqual({ ...JSON.parse(routed.body), instance: '/api/things/memory' });
    expect(scene.logged.filter(({ level }) => level === 'error')).toMatchObject([
      { msg: 'Request failed', err: { type: 'Error' }, requestId: 'r-4' },
      { msg: 'Request failed' },
    ]);
    await eventually(() => expect(scene.logged.at(-1)).toMatchObject({ route: '/api/things/:id', status: 500 }));
  });

  it('has what it has set before it fails in the answer to that', async () => {
    scene.answer = async (_id, _req, res) => {
      res.setHeader('X-Cache', 'miss');
      await Promise.reject(new DomainError('route-not-found', 'Not here.'));
    };
    await scene.start();
    const { status, headers } = await scene.send('GET', '/api/things/memory', { 'X-Request-Id': 'r-5' });
    expect(status).toBe(404);
    expect(headers).toMatchObject({ 'x-cache': 'miss', 'x-request-id': 'r-5', 'x-content-type-options': 'nosniff' });
  });

  it('is cut when it fails in the middle of its answer', async () => {
    scene.answer = (_id, _req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('{');
      return throwing();
    };
    await scene.start();
    await expect(scene.send('GET', '/api/things/memory')).rejects.toThrow(/aborted|hang up/);
    await eventually(async () => {
      expect((await scene.metrics()).values('http_requests_abandoned_total')).toEqual({ 'GET /api/things/:id': 1 });
    });
  });
});

describe('A request that fails, and the answer to that as well', () => {
  it.each([
    ['at once', throwing],
    ['later', async () => await Promise.reject(new Error('fault'))],
  ])('is cut when it fails %s, and the service goes on', async (_when, fail) => {
    scene.answer = fail;
    scene.answerProblem = () => {
      throw new TypeError('second fault');
    };
    await scene.start();
    await expect(scene.send('GET', '/api/things/memory', { 'X-Request-Id': 'r-6' })).rejects.toThrow('hang up');
    expect((await scene.send('GET', '/api/things/other')).status).toBe(200);
    expect(scene.logged.filter(({ level }) => level === 'error')).toMatchObject([
      { msg: 'Request failed, and so did its answer', err: { type: 'TypeError' }, requestId: 'r-6' },
    ]);
  });
});

describe('The hot path is not taken', () => {
  it.each([
    ['pages of other origins may read answers', { corsOrigins: ['https://app.example'] }],
    ['clients have a limit', { rateLimitPerMinute: 100 }],
  ])('where %s', async (_where, config) => {
    await scene.start(config);
    await scene.send('GET', '/api/things/memory');
    expect(scene.answeredBy).toEqual(['Express']);
  });

  it('once the drain is over', async () => {
    await scene.start();
    await scene.send('GET', '/api/things/memory');
    scene.stop.drained = true;
    await scene.send('GET', '/api/things/memory');
    expect(scene.answeredBy).toEqual(['memory', 'Express']);
  });

  it('while load is shed', async () => {
    await scene.start();
    scene.reasonToShed = 'queue-full';
    const refused = await scene.send('GET', '/api/things/memory', { 'X-Request-Id': 'r-2' });
    expect(refused).toMatchObject({ status: 503, headers: { 'x-request-id': 'r-2', 'retry-after': '1' } });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'overloaded', requestId: 'r-2' });
    expect(scene.answeredBy).toEqual([]);
  });

  it('while load is shed, unless the answer is at hand, which costs no more than to refuse it', async () => {
    scene.isAtHand = true;
    await scene.start();
    scene.reasonToShed = 'queue-full';
    expect(await scene.send('GET', '/api/things/memory')).toMatchObject({ status: 200 });
    expect(await scene.send('GET', '/api/things/other')).toMatchObject({ status: 503 });
    expect(scene.answeredBy).toEqual(['memory']);
  });

  it('for a request without Host, which is refused', async () => {
    await scene.start();
    const socket = connect(scene.port, '127.0.0.1');
    socket.write('GET /api/things/memory HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*"code":"malformed-request"/);
    expect(scene.answeredBy).toEqual([]);
  });
});

describe('Every answer has the headers of every answer', () => {
  it.each([
    ['HEAD', '/api/things/other', 200],
    ['OPTIONS', '/api/things/other', 204],
    ['DELETE', '/api/things/other', 405],
    ['GET', '/nothing', 404],
    ['GET', '/api/things/faulty', 500],
  ])('%s %s: %i', async (method, path, status) => {
    await scene.start();
    const answered = await scene.send(method, path, { 'X-Request-Id': 'r-3' });
    expect(answered.status).toBe(status);
    expect(answered.headers).toMatchObject({
      'x-request-id': 'r-3',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
    });
  });

  it('and to HEAD the length of what it stands for, without it', async () => {
    await scene.start();
    const { headers, body } = await scene.send('HEAD', '/api/things/other');
    expect([headers['content-length'], body]).toEqual(['11', '']);
  });
});
