import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../helpers/engines.ts';
import { expectConforms } from '../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const listed = 'https://app.example';
let profiles: RunningProfiles;
let closed: RunningProfiles;

beforeAll(async () => {
  profiles = await startProfiles(sqlite, { CORS_ORIGINS: `${listed}, http://localhost:5173`, OPS_CONTROLS: 'true' });
  closed = await startProfiles(sqlite);
});

afterAll(async () => {
  await profiles.stop();
  await closed.stop();
});

/** Sends bytes as they are. @returns all that comes back until the server hangs up */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(profiles.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  return await text(socket);
}

const policyOfData = "default-src 'none';frame-ancestors 'none'";

describe('The security headers', () => {
  it.each([
    ['data', '/health'],
    ['an error', '/api/users/nobody'],
    ['nothing at the address', '/nothing'],
    ['nothing among the files of the docs', '/api-docs/nothing.js'],
    ['no such problem', '/problems/unheard-of'],
    ['the description', '/openapi.yaml'],
  ])('let %s do nothing in a browser', async (_what, path) => {
    const { headers } = await fetch(profiles.url + path);

    expect(headers.get('content-security-policy')).toBe(policyOfData);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it.each(['/problems', '/problems/internal-error', '/api-docs/'])('let %s run no script of its own', async (path) => {
    const { headers } = await fetch(profiles.url + path);
    const policy = headers.get('content-security-policy') ?? '';

    expect(policy).toMatch(/^default-src 'none';frame-ancestors 'none';/);
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|upgrade-insecure-requests|\*|https?:/);
    expect(policy.match(/script-src [^;]*/)?.[0]).toBe(path === '/api-docs/' ? "script-src 'self'" : undefined);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  it('are on the answer to what is not HTTP, too', async () => {
    const answer = await sendRaw('\x16\x03\x01 is not HTTP\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.toLowerCase()).toContain(`content-security-policy: ${policyOfData}`);
    expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
  });

  it('do not speak for the host over plain http', async () => {
    expect((await fetch(`${profiles.url}/health`)).headers.get('strict-transport-security')).toBeNull();
  });
});

describe('What was sent', () => {
  const markup = '<svg/onload=alert(1)>';

  it.each([
    ['in the path', `/api/users/${markup}`],
    ['in the path, encoded', `/api/users/${encodeURIComponent(markup)}`],
    ['in a path that leads nowhere', `/${markup}`],
    ['as a problem', `/problems/${markup}`],
    ['as the name of a parameter', `/api/users?${markup}=1`],
    ['as the value of a parameter', `/api/users?limit=${markup}`],
  ])('%s comes back as nothing that a browser takes for markup', async (_where, path) => {
    const answer = await sendRaw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
    expect(answer).toContain('Content-Type: application/problem+json; charset=utf-8');
    expect(answer).not.toContain('<');
  });

  it('as a request id comes back only if it is a safe one', async () => {
    for (const requestId of ['a"b', 'a b', 'a<b', `a\u00e9`, 'x'.repeat(129), '']) {
      const answer = await sendRaw(
        `GET /health HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/X-Request-Id: [0-9a-f-]{36}\r\n/);
    }
  });

  it('cannot add a line to the headers of an answer', async () => {
    const created = await fetch(`${profiles.url}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'x%0d%0aSet-Cookie:%20a=b' },
      body: JSON.stringify({ id: 'ada', name: 'a\r\nSet-Cookie: a=b', email: 'injected@example.com' }),
    });
    const page = await fetch(`${profiles.url}/api/users?limit=1&q=a%0D%0ASet-Cookie:%20a%3Db`);

    expect([created.status, page.status]).toEqual([201, 200]);
    for (const { headers } of [created, page]) expect(headers.get('set-cookie')).toBeNull();
  });

  it.each(['TRACE', 'PROPFIND', 'QUERY', 'PURGE'])('by %s is not echoed, but refused', async (method) => {
    const answer = await sendRaw(
      `${method} /api/users HTTP/1.1\r\nHost: a\r\nX-Canary: canary\r\nConnection: close\r\n\r\n`,
    );

    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).not.toContain('canary');
  });

  it.each(['CONNECT a:80', 'get /api/users', 'FOO /api/users'])('as %s is refused', async (start) => {
    expect(await sendRaw(`${start} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toMatch(/^(HTTP\/1\.1 40|$)/);
  });
});

describe('An address', () => {
  it.each([
    '/health/',
    '/api/users/',
    '/problems/',
    '/openapi.json/',
    '/Health',
    '/API/users',
    '//health',
  ])('that is nearly one, %s, is none', async (path) => {
    const answer = await sendRaw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('"code":"route-not-found"');
  });
});

describe('CORS', () => {
  const call = async (path: string, init: RequestInit = {}, to = profiles) => await fetch(to.url + path, init);
  const corsHeaders = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

  it('lets a listed origin read answers, errors too, with their headers', async () => {
    for (const path of ['/api/users', '/api/users/nobody', '/api/nothing', '/openapi.json', '/openapi.yaml']) {
      const { headers } = await call(path, { headers: { origin: listed } });

      expect(headers.get('access-control-allow-origin')).toBe(listed);
      expect(headers.get('access-control-expose-headers')?.split(',')).toEqual(
        expect.arrayContaining([
          'ETag',
          'Location',
          'Link',
          'Retry-After',
          'X-Request-Id',
          'Idempotency-Replayed',
          'X-Cache',
        ]),
      );
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('vary')).toContain('Origin');
    }
  });

  it('answers the preflight of a listed origin', async () => {
    const preflight = { origin: listed, 'access-control-request-method': 'PATCH' };
    const answer = await call('/api/users/ada', { method: 'OPTIONS', headers: preflight });

    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed);
    expect(answer.headers.get('access-control-allow-methods')?.split(',')).toContain('PATCH');
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase().split(',')).toEqual(
      expect.arrayContaining(['content-type', 'if-match', 'idempotency-key', 'authorization', 'traceparent']),
    );
    expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThan(0);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, DELETE, OPTIONS');
    const headers = Object.fromEntries(answer.headers);
    expectConforms({ method: 'OPTIONS', path: '/api/users/ada', status: 204, headers, body: '' });
  });

  it.each([
    ['another', 'https://evil.example'],
    ['the same over plain http', 'http://app.example'],
    ['the same at another port', 'https://app.example:8443'],
    ['a longer one', 'https://app.example.evil.example'],
    ['a part of it', 'https://evil-app.example'],
    ['one in capitals', 'https://APP.EXAMPLE'],
    ['a sandboxed page', 'null'],
  ])('tells %s origin nothing', async (_which, origin) => {
    for (const method of ['GET', 'OPTIONS']) {
      const headers = { origin, 'access-control-request-method': 'PUT' };
      const answer = await call('/api/users', { method, headers });

      expect(answer.ok).toBe(true);
      expect(corsHeaders(answer.headers)).toEqual([]);
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  it('is for the API and its description alone', async () => {
    for (const path of [
      '/health',
      '/ready',
      '/metrics',
      '/problems',
      '/api-docs/',
      '/api-docs/swagger-ui.css',
      '/',
      '/ops/resilience',
      '/ops/breakers/enrichment',
    ]) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: listed, 'access-control-request-method': 'PUT' };
        expect(corsHeaders((await call(path, { method, headers })).headers)).toEqual([]);
      }
    }
  });

  it('is off when no origin is listed', async () => {
    const answer = await call('/api/users', { headers: { origin: listed } }, closed);

    expect(corsHeaders(answer.headers)).toEqual([]);
    expect(answer.headers.get('vary')).toBeNull();
  });
});
