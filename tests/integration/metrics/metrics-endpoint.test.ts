import { Agent, METHODS, request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { engines } from '../../helpers/engines.ts';
import { conformingAgent } from '../../helpers/openapi-conformance.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

let profiles: RunningProfiles;
afterEach(async () => await profiles.stop());

describe('GET /metrics', () => {
  it('answers in the text format of Prometheus, which nobody keeps', async () => {
    profiles = await startProfiles(sqlite, { BUILD_REVISION: 'fae0f32' });
    const answer = await conformingAgent(profiles.url).get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(answer.text).toMatch(
      /^service_build_info\{service="user-profile-service",version="\d+\.\d+\.\d+",node_version="v\d+[^"]+",revision="fae0f32"\} 1$/m,
    );
    expect((await conformingAgent(profiles.url).post('/metrics')).status).toBe(405);
  });

  it('keeps the metrics of services apart that run in one process', async () => {
    profiles = await startProfiles(sqlite);
    const other = await startProfiles(sqlite);
    try {
      for (let count = 0; count < 3; count++) await fetch(`${other.url}/health`);
      expect((await scrape(profiles.url)).values('http_requests_total')).toEqual({});
      expect((await scrape(other.url)).values('http_requests_total')).toEqual({ 'GET /health 200': 3 });
    } finally {
      await other.stop();
    }
  });
});

describe('GET /metrics with OPS_TOKEN', () => {
  const token = 'a-token-of-24-characters';

  it('is for those who show the token', async () => {
    profiles = await startProfiles(sqlite, { OPS_TOKEN: token });
    const api = conformingAgent(profiles.url);
    for (const authorization of [`Bearer ${token}`, `bearer  ${token}`]) {
      expect((await api.get('/metrics').set('Authorization', authorization)).status).toBe(200);
    }
    // Everything else is as open as before.
    expect((await api.get('/health')).status).toBe(200);
    expect((await api.get('/ready')).status).toBe(200);
  });

  it.each([
    ['nothing', undefined],
    ['another token', 'Bearer another-token-of-24-char'],
    ['the beginning of the token', `Bearer ${token.slice(0, -1)}`],
    ['more than the token', `Bearer ${token}x`],
    ['another scheme', `Basic ${Buffer.from(`ops:${token}`).toString('base64')}`],
    ['no scheme', token],
    ['no token', 'Bearer '],
  ])('answers 401 to %s', async (_what, authorization) => {
    profiles = await startProfiles(sqlite, { OPS_TOKEN: token });
    const api = conformingAgent(profiles.url);
    const unset = api.get('/metrics');
    const answer = await (authorization === undefined ? unset : unset.set('Authorization', authorization));
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.text).not.toContain('http_requests_total');
    expect((await api.head('/metrics')).status).toBe(401);
  });
});

describe('The series', () => {
  it('stay as many, whatever clients send', async () => {
    profiles = await startProfiles(sqlite);
    const { hostname, port } = new URL(profiles.url);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
      await new Promise<void>((resolve) => {
        const sent = request({ agent, hostname, port, method, path, headers }, (answer) => {
          answer.once('close', resolve);
          answer.resume();
        });
        // The parser hangs up on methods that it does not know.
        sent.once('error', () => resolve());
        sent.end(body);
      });
    const methods = METHODS.filter((method) => method !== 'CONNECT');
    const json = { 'Content-Type': 'application/json' };
    const round = async (n: number): Promise<void> => {
      await Promise.all([
        send('GET', `/api/users/u-${n}`),
        send('GET', `/api/users/u-${n}/enriched`),
        send('DELETE', `/api/users/u-${n}`),
        send('GET', `/no/such/path/${n}?n=${n}`),
        send('GET', `/%${n}`),
        send('GET', `/problems/p-${n}`),
        send('GET', `/api/users?email=e${n}@example.com&limit=${n}`),
        send('POST', '/api/users', { ...json, 'Idempotency-Key': `k-${n}`, 'X-Request-Id': `r-${n}` }, '{'),
        send(
          'POST',
          '/api/users',
          { ...json, 'Idempotency-Key': `k-${n}` },
          JSON.stringify(buildUserBody({ id: `c-${n}` })),
        ),
        send('GET', `/api/users/c-${n}/enriched`),
        send('POST', `/api/users/u-${n}`),
      ]);
    };
    const everyMethod = async (path: string): Promise<void> => {
      for (const method of methods) await send(method, path);
      for (const method of ['FOO', 'x'.repeat(100)]) await send(method, path);
    };
    // What keeps the loop alive is named by Node.js, in few words; which of them there are varies.
    const seriesNow = async () =>
      new Set((await scrape(profiles.url)).series.filter((name) => !name.startsWith('nodejs_active_resources')));

    await everyMethod('/first');
    await everyMethod('/api/users');
    for (const n of [-2, -1, 10]) await round(n);
    await seriesNow();
    const before = await seriesNow();

    for (let n = 100; n < 250; n++) await round(n);
    for (let n = 0; n < 15; n++) await everyMethod(`/path-${n}`);
    await everyMethod('/api/users');
    const after = await seriesNow();
    agent.destroy();

    expect([...after].filter((name) => !before.has(name))).toEqual([]);
    expect([...after].filter((name) => /PROPFIND|FOO|such|path-|[cpu]-\d|k-\d|r-\d/.test(name))).toEqual([]);
    const metrics = await scrape(profiles.url);
    expect(metrics.sum('http_requests_total')).toBeGreaterThan(2_000);
    expect(metrics.sum('http_requests_total', { method: 'OTHER' })).toBeGreaterThan(400);
  }, 60_000);
});
