import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { askFor, runMock, snapshotWhere, statusOf } from './run-mock.ts';

describe('provider route, mode by mode', () => {
  it('answers 200 with a JSON object when healthy', async () => {
    const mock = await runMock();

    const response = await askFor(mock, 'ada');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      userId: 'ada',
      company: expect.any(String),
      industry: expect.any(String),
      title: expect.any(String),
      location: { city: expect.any(String), country: expect.stringMatching(/^[A-Z]{2}$/) },
      interests: [expect.any(String), expect.any(String), expect.any(String)],
      score: expect.any(Number),
    });
  });

  it.each([
    ['failing', 500],
    ['rate-limited', 429],
    ['not-found', 404],
  ] as const)('answers %s with %i and a JSON error', async (mode, status) => {
    const mock = await runMock({ mode });

    const response = await askFor(mock, 'ada');

    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.any(String), message: expect.any(String) });
  });

  it('names a time to come back when rate-limited', async () => {
    const mock = await runMock({ mode: 'rate-limited' });

    const response = await askFor(mock, 'ada');

    expect(response.headers.get('retry-after')).toBe('1');
  });

  it('answers slow after its latency, with the data of a healthy one', async () => {
    const healthy = await runMock();
    const slow = await runMock({ mode: 'slow', latencyMs: 120 });
    const askedMs = performance.now();

    const response = await askFor(slow, 'ada');

    // libuv rounds the time of its loop down, so a timer may be early by less than a millisecond.
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(119);
    expect(await response.json()).toEqual(await (await askFor(healthy, 'ada')).json());
  });

  it('adds no latency in the other modes, so that going back to healthy heals at once', async () => {
    const mock = await runMock({ mode: 'healthy', latencyMs: 60_000 });

    const response = await askFor(mock, 'ada', { signal: AbortSignal.timeout(5000) });

    expect(response.status).toBe(200);
  });

  it('takes the request and never answers when hanging', async () => {
    const mock = await runMock({ mode: 'hanging' });
    const socket = connect(mock.port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.write('GET /enrichment/ada HTTP/1.1\r\nHost: mock\r\n\r\n');
    await snapshotWhere(mock, ({ requests }) => requests[0]?.answered === 'hanging');

    await mock.stop();
    await once(socket, 'close');

    expect(received).toBe('');
  });

  it('sends JSON that does not parse when malformed', async () => {
    const mock = await runMock({ mode: 'malformed' });

    const response = await askFor(mock, 'ada');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    await expect(response.json()).rejects.toThrow('JSON');
  });

  it('drops the connection with a TCP reset in mode reset', async () => {
    const mock = await runMock({ mode: 'reset' });
    const socket = connect(mock.port, '127.0.0.1');
    socket.write('GET /enrichment/ada HTTP/1.1\r\nHost: mock\r\n\r\n');

    const [error] = await once(socket, 'error');

    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('fails exactly those flaky requests whose random number is below the rate', async () => {
    const numbers = [0.1, 0.9, 0.499, 0.5];
    const mock = await runMock({ mode: 'flaky', failureRate: 0.5, random: () => numbers.shift() ?? Number.NaN });

    const statuses = [await statusOf(mock), await statusOf(mock), await statusOf(mock), await statusOf(mock)];

    expect(statuses).toEqual([500, 200, 500, 200]);
  });

  it.each([
    [0, 200, 0],
    [1, 500, 1 - Number.EPSILON],
  ])('treats a failure rate of %d as certain: %i', async (failureRate, status, extreme) => {
    const mock = await runMock({ mode: 'flaky', failureRate, random: () => extreme });

    expect(await statusOf(mock)).toBe(status);
  });
});

describe('provider route, failNext', () => {
  it('fails that many requests and then goes on in its mode', async () => {
    const mock = await runMock({ mode: 'not-found' });
    mock.control.change({ failNext: 2 });

    const statuses = [await statusOf(mock), await statusOf(mock), await statusOf(mock)];

    expect(statuses).toEqual([500, 500, 404]);
  });

  it('fails even when the mode would hang', async () => {
    const mock = await runMock({ mode: 'hanging' });
    mock.control.change({ failNext: 1 });

    expect(await statusOf(mock)).toBe(500);
  });

  it('says how many are left', async () => {
    const mock = await runMock();
    mock.control.change({ failNext: 3 });
    await statusOf(mock);

    const state = await (await fetch(`${mock.url}/control`)).json();

    expect(state).toMatchObject({ mode: 'healthy', failNext: 2 });
  });
});

describe('provider route, data and ids', () => {
  it('gives the same user the same data, on another server too', async () => {
    const [one, other] = [await runMock(), await runMock()];

    const answers = [await askFor(one, 'ada'), await askFor(one, 'ada'), await askFor(other, 'ada')];

    const [first, ...rest] = await Promise.all(answers.map(async (answer) => await answer.text()));
    for (const text of rest) expect(text).toBe(first);
  });

  it('gives different users different data', async () => {
    const mock = await runMock();
    const ids = Array.from({ length: 50 }, (_, index) => `user-${index}`);

    const texts = await Promise.all(ids.map(async (id) => (await (await askFor(mock, id)).text()).replace(id, '')));

    expect(new Set(texts).size).toBe(ids.length);
  });

  it.each([
    ['an encoded slash', 'a%2Fb', 'a/b'],
    ['another address', '%2F%2Fevil.example', '//evil.example'],
    ['letters outside ASCII', '%C3%A5sa', 'åsa'],
    ['dots only', '%2E%2E', '..'],
    ['a name of Object.prototype', '__proto__', '__proto__'],
  ])('takes an id with %s as it is', async (_case, encoded, userId) => {
    const mock = await runMock();

    const status = await rawStatus(mock.port, `/enrichment/${encoded}`);

    expect(status).toBe(200);
    expect(mock.control.requests().requests).toMatchObject([{ userId }]);
  });

  it('stays within 64 KiB for the longest id that a request line can carry', async () => {
    const mock = await runMock();

    const response = await askFor(mock, '%00'.repeat(5000));

    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBeLessThanOrEqual(64 * 1024);
  });

  it('answers broken percent-encoding with 400 and counts no request', async () => {
    const mock = await runMock();

    const response = await askFor(mock, '%zz');

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'bad-user-id' });
    expect(mock.control.requests().count).toBe(0);
  });

  it.each(['/enrichment', '/enrichment/', '/enrichment/ada/more'])('knows no %s', async (path) => {
    const mock = await runMock();

    expect((await fetch(mock.url + path)).status).toBe(404);
  });
});

/** Sends the path as written; `fetch` would rewrite dots. */
async function rawStatus(port: number, path: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: mock\r\n\r\n`);
  const [chunk] = await once(socket, 'data');
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(String(chunk))?.[1]);
}
