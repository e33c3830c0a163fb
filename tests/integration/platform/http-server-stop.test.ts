import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { type HttpServer, startHttpServer } from '../../../src/platform/http/server.ts';
import { serverLimits } from '../../../src/platform/http/server-limits.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { eventually } from '../../helpers/eventually.ts';

describe('The stop of the HTTP server', () => {
  let server: HttpServer;
  let agent: Agent;
  /** The answers that the test has to end. */
  let answers: ServerResponse[];

  beforeEach(async () => {
    answers = [];
    agent = new Agent({ keepAlive: true });
    const begin = (_req: IncomingMessage, res: ServerResponse): void => {
      res.write('begun, ');
      answers.push(res);
    };
    const events = new EventStream<HttpEvent>((error) => {
      throw error;
    });
    const problems = createProblemCatalogue(platformProblems);
    const limits = { ...serverLimits, closeUnansweredEveryMs: 200 };
    server = await startHttpServer(begin, { host: '127.0.0.1', port: 0, events, problems, limits });
  });
  afterEach(async () => {
    agent.destroy();
    await server.stop(0);
  });

  const ask = async (): Promise<IncomingMessage> => {
    const [answer] = await once(request({ host: '127.0.0.1', port: server.port, agent }).end(), 'response');
    return answer;
  };

  it('waits for an answer that has begun, and not for its connection, which the client keeps', async () => {
    const answer = await ask();
    expect(answer.headers.connection).toBe('keep-alive');
    const startedAt = performance.now();
    const stopped = server.stop(10_000);
    answers[0]?.end('ended');
    expect(await text(answer)).toBe('begun, ended');
    expect(await stopped).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('does not wait for headers that do not end, and does for answers', async () => {
    const answer = await ask();
    const socket = connect(server.port, '127.0.0.1').resume();
    const part = 'GET / HTTP/1.1\r\nHost: test\r\n';
    socket.write(`${part}\r\n`);
    await eventually(() => expect(answers).toHaveLength(2));
    answers[1]?.end();
    const { bytesRead } = answers[1]?.req.socket ?? {};
    socket.write(part);
    await eventually(() => expect(answers[1]?.req.socket.bytesRead).toBe(Number(bytesRead) + part.length));

    const startedAt = performance.now();
    const stopped = server.stop(10_000);
    await once(socket, 'close');
    answers[0]?.end('ended');
    expect(await text(answer)).toBe('begun, ended');
    expect(await stopped).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('waits for a client that has still to read an answer that has ended, and not for one that has nothing to read', async () => {
    const idle = connect(server.port, '127.0.0.1').resume();
    idle.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await eventually(() => expect(answers).toHaveLength(1));
    answers[0]?.end();
    await eventually(() => expect(answers[0]?.closed).toBe(true));
    const answer = await ask();
    const rest = 'x'.repeat(32 * 1024 * 1024);
    answers[1]?.end(rest);

    const stopped = server.stop(10_000);
    await once(idle, 'close');
    expect((await text(answer)).length).toBe('begun, '.length + rest.length);
    expect(await stopped).toBe(0);
  });

  it('cuts what has not ended in time, and says how many that were', async () => {
    const readings = [await ask(), await ask()].map((answer) =>
      text(answer).then(
        () => 'ended',
        () => 'cut',
      ),
    );
    expect(await server.stop(50)).toBe(2);
    expect(await Promise.all(readings)).toEqual(['cut', 'cut']);
  });
});
