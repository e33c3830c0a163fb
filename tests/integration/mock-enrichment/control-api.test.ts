import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import { putControl, runMock, statusOf } from './run-mock.ts';

const initial = { mode: 'healthy', failureRate: 0.5, latencyMs: 2000, failNext: 0 };

describe('GET and PUT /control', () => {
  it('answers the state it was started with', async () => {
    const mock = await runMock({ mode: 'flaky', failureRate: 0.25, latencyMs: 700 });

    const response = await fetch(`${mock.url}/control`);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ mode: 'flaky', failureRate: 0.25, latencyMs: 700, failNext: 0 });
  });

  it.each([
    { mode: 'failing' },
    { failureRate: 0.9 },
    { latencyMs: 0 },
    { failNext: 4 },
    { mode: 'slow', failureRate: 1, latencyMs: 60_000, failNext: 100_000 },
  ])('changes only what it is given: %j', async (changes) => {
    const mock = await runMock();

    const response = await putControl(mock, changes);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ...initial, ...changes });
    expect(mock.control.read()).toEqual({ ...initial, ...changes });
  });

  it('takes effect on the next request', async () => {
    const mock = await runMock();

    await putControl(mock, { mode: 'failing' });
    const failing = await statusOf(mock);
    await putControl(mock, { mode: 'healthy' });
    const healed = await statusOf(mock);

    expect([failing, healed]).toEqual([500, 200]);
  });

  it.each([
    ['an unknown mode', { mode: 'broken' }, ['mode']],
    ['a rate above 1', { failureRate: 1.01 }, ['failureRate']],
    ['a rate below 0', { failureRate: -0.01 }, ['failureRate']],
    ['a number in a string', { failureRate: '0.5' }, ['failureRate']],
    ['a latency above a minute', { latencyMs: 60_001 }, ['latencyMs']],
    ['half a millisecond', { latencyMs: 0.5 }, ['latencyMs']],
    ['a negative count', { failNext: -1 }, ['failNext']],
    ['an unknown field', { mode: 'slow', latency: 3 }, ['latency']],
    ['null', { mode: null }, ['mode']],
    [
      'several',
      { mode: 1, failureRate: 2, latencyMs: -1, failNext: 'x', extra: 1 },
      ['mode', 'failureRate', 'latencyMs', 'failNext', 'extra'],
    ],
    ['no field', {}, ['']],
    ['a list', [], ['']],
    ['null as a whole', null, ['']],
  ])('refuses %s, names the field and changes nothing', async (_case, body, fields) => {
    const mock = await runMock();

    const response = await putControl(mock, body);

    expect(response.status).toBe(400);
    const answer = await response.json();
    expect(answer).toEqual({
      error: 'validation-failed',
      message: expect.any(String),
      problems: fields.map((field) => ({ field, message: expect.any(String) })),
    });
    expect(mock.control.read()).toEqual(initial);
  });

  it.each(['{"mode":', ''])('answers a body that is not JSON with 400: %j', async (body) => {
    const mock = await runMock();

    const response = await putControl(mock, body);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'malformed-json' });
  });

  it('answers a body above 10 KiB with 413 and goes on', async () => {
    const mock = await runMock();

    const response = await putControl(mock, { mode: 'x'.repeat(1_000_000) });

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: 'body-too-large' });
    expect((await putControl(mock, { mode: 'failing' })).status).toBe(200);
  });
});

describe('A body above 10 KiB', () => {
  const announced = (lengthBytes: number) =>
    `PUT /control HTTP/1.1\r\nHost: a\r\nContent-Length: ${lengthBytes}\r\n\r\n`;

  it('is answered before all of it has come, to a caller who can send the rest, and ends the connection', async () => {
    const mock = await runMock();
    const socket = connect(mock.port, '127.0.0.1').setEncoding('utf8');
    let answer = '';
    let hasEnded = false;
    socket.on('data', (text: string) => (answer += text)).on('end', () => (hasEnded = true));
    socket.write(announced(200_000) + 'x'.repeat(100_000));
    await eventually(() => expect(answer).toContain('body-too-large'));
    // What is done at once when the answer is out has been done.
    expect((await putControl(mock, { latencyMs: 1 })).status).toBe(200);
    expect(hasEnded).toBe(false);
    socket.write('x'.repeat(100_000));
    await eventually(() => expect(hasEnded).toBe(true));

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
  });

  it('does no harm when its caller goes in the middle of it', async () => {
    const mock = await runMock();
    const socket = connect(mock.port, '127.0.0.1').setEncoding('utf8');
    socket.write(announced(200_000) + 'x'.repeat(100_000));
    await once(socket, 'data');
    socket.destroy();

    expect((await putControl(mock, { mode: 'failing' })).status).toBe(200);
  });

  it('does not fail the next request of a caller who keeps his connections', async () => {
    const mock = await runMock();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const put = async (body: string): Promise<number | undefined> => {
      const asked = request(`${mock.url}/control`, { method: 'PUT', agent, timeout: 2_000 }).end(body);
      asked.once('timeout', () => asked.destroy(new Error('There was no answer.')));
      const [response]: IncomingMessage[] = await once(asked, 'response');
      response?.resume();
      if (response !== undefined) await once(response, 'end');
      return response?.statusCode;
    };

    expect([await put('x'.repeat(1_000_000)), await put('{"mode":"failing"}')]).toEqual([413, 200]);
    agent.destroy();
  });
});

describe('POST /control/reset', () => {
  it('goes back to the state it was started with and forgets the requests', async () => {
    const started = { mode: 'not-found', failureRate: 0.1, latencyMs: 10 } as const;
    const mock = await runMock(started);
    await putControl(mock, { mode: 'failing', failureRate: 1, latencyMs: 1, failNext: 9 });
    await statusOf(mock);

    const response = await fetch(`${mock.url}/control/reset`, { method: 'POST' });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ...started, failNext: 0 });
    expect(await (await fetch(`${mock.url}/control/requests`)).json()).toEqual({ count: 0, requests: [] });
    expect(await statusOf(mock)).toBe(404);
  });
});

describe('routes', () => {
  it('says that it is healthy, whatever its mode', async () => {
    const mock = await runMock({ mode: 'failing' });

    const response = await fetch(`${mock.url}/health`);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'healthy' });
  });

  it('answers an unknown route with 404 in JSON', async () => {
    const mock = await runMock();

    const response = await fetch(`${mock.url}/controls`);

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: 'route-not-found' });
  });

  it.each([
    ['POST', '/enrichment/ada', 'GET'],
    ['DELETE', '/control', 'GET, PUT'],
    ['GET', '/control/reset', 'POST'],
    ['PUT', '/control/requests', 'GET'],
    ['POST', '/', 'GET'],
  ])('answers %s %s with 405 and what it allows', async (method, path, allow) => {
    const mock = await runMock();

    const response = await fetch(mock.url + path, { method });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.json()).toMatchObject({ error: 'method-not-allowed' });
  });

  it('ignores a query', async () => {
    const mock = await runMock();

    expect((await fetch(`${mock.url}/control?since=1`)).status).toBe(200);
  });

  it.each([
    ['/', 'text/html'],
    ['/page.css', 'text/css'],
    ['/page.js', 'text/javascript'],
    ['/icon.svg', 'image/svg+xml'],
  ])('serves the page file %s under a strict policy', async (path, type) => {
    const mock = await runMock();

    const response = await fetch(mock.url + path);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
  });
});
