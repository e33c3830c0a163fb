import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ProviderControl } from '../../../src/profiles/dashboard/provider-control.ts';
import { eventually } from '../../helpers/eventually.ts';

const state = { mode: 'healthy', failureRate: 0.5, latencyMs: 20, failNext: 0 };
const refusal = { code: 'provider-not-controllable' };

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** The controls of a provider that answers so. */
async function controlOf(answer: RequestListener): Promise<ProviderControl> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return new ProviderControl(`http://127.0.0.1:${port}`);
}

describe('The controls of the mock provider', () => {
  it('are at /control, to be read and changed as JSON', async () => {
    const asked: string[] = [];
    const control = await controlOf((req, res) => {
      asked.push([req.method, req.url, req.headers['content-type']].join(' '));
      res.end(JSON.stringify(state));
    });
    expect(await control.read()).toEqual(state);
    expect(await control.change({ mode: 'healthy' })).toEqual(state);
    expect(asked).toEqual(['GET /control ', 'PUT /control application/json']);
  });
});

describe('A provider that is not the mock', () => {
  it.each<[string, (res: ServerResponse) => void]>([
    ['leads elsewhere', (res) => res.writeHead(302, { Location: 'http://127.0.0.1:9/control' }).end()],
    ['fails', (res) => res.writeHead(500).end(JSON.stringify(state))],
    ['says nothing', (res) => res.writeHead(204).end()],
    ['sends a page', (res) => res.end('<html></html>')],
    ['sends other JSON', (res) => res.end('{"status":"ok"}')],
    ['says more than the mock does', (res) => res.end(JSON.stringify({ ...state, secret: 'x' }))],
    ['says a number as text', (res) => res.end(JSON.stringify({ ...state, latencyMs: '20' }))],
    ['hangs up half-way', (res) => res.write('{', () => res.destroy())],
  ])('is not controllable when it %s', async (_what, send) => {
    const control = await controlOf((_req, res) => send(res));
    await expect(control.read()).rejects.toMatchObject(refusal);
    await expect(control.change({ mode: 'failing' })).rejects.toMatchObject(refusal);
  });

  it('is not read any further than 16 KiB, unpacked or packed', async () => {
    let sentBytes = 0;
    const endless = await controlOf((_req, res) => {
      const send = (): void => {
        sentBytes += 1_024;
        res.write('x'.repeat(1_024), (error) => (error ? undefined : setImmediate(send)));
      };
      send();
    });
    await expect(endless.read()).rejects.toMatchObject(refusal);
    expect(sentBytes).toBeLessThan(1_024 * 1_024);
    server?.closeAllConnections();
    server?.close();

    const packed = gzipSync(Buffer.alloc(20 * 1_024 * 1_024));
    const control = await controlOf((_req, res) => res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed));
    await expect(control.read()).rejects.toMatchObject(refusal);
  });

  it.each<[string, (res: ServerResponse) => void]>([
    ['is silent', () => {}],
    ['trickles', (res) => trickle(res, 200)],
    ['fails and trickles', (res) => trickle(res, 500)],
  ])('is given up after two seconds when it %s, and hung up on', async (_what, send) => {
    let isGone = false;
    const control = await controlOf((_req, res) => {
      res.once('close', () => (isGone = true));
      send(res);
    });
    const startedAt = performance.now();
    await expect(control.read()).rejects.toMatchObject({ ...refusal, cause: { name: 'TimeoutError' } });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(1_950);
    expect(tookMs).toBeLessThan(3_000);
    await eventually(() => expect(isGone).toBe(true));
  });
});

function trickle(res: ServerResponse, status: number): void {
  res.writeHead(status);
  const timer = setInterval(() => res.write(' '), 50);
  res.once('close', () => clearInterval(timer));
}
