import { once } from 'node:events';
import { request, Server } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { startHttpServer } from '../../../src/platform/http/server.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

describe('The start of the HTTP server', () => {
  const events = new EventStream<HttpEvent>((error) => {
    throw error;
  });
  const options = { host: '127.0.0.1', events, problems: createProblemCatalogue(platformProblems) };

  it('fails when the port is taken', async () => {
    const first = await startHttpServer(() => {}, { ...options, port: 0 });
    await expect(startHttpServer(() => {}, { ...options, port: first.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await first.stop(0);
  });

  it('swallows no error that comes later', async () => {
    const { promise: inside, resolve } = Promise.withResolvers<unknown>();
    const server = await startHttpServer(
      (req, res) => {
        resolve(Reflect.get(req.socket, 'server'));
        res.end();
      },
      { ...options, port: 0 },
    );
    const asked = request({ host: '127.0.0.1', port: server.port }).end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    const nodeServer = await inside;
    if (!(nodeServer instanceof Server)) throw new Error('A socket of a server knows its server.');

    try {
      expect(() => nodeServer.emit('error', new Error('cannot accept'))).toThrow('cannot accept');
    } finally {
      await server.stop(0);
    }
  });
});
