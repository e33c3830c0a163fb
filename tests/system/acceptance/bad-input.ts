import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { HttpMethod, HttpRequestOptions } from './http-client.ts';
import { createUser, expectProblem, newUser, type Target, userIn } from './target.ts';

const loneSurrogate = '\\ud83d';
const json = { 'content-type': 'application/json' };

/** Nested `depth` objects deep. */
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

export function describeBadInput({ api }: Target): void {
  describe('A body that cannot be taken', () => {
    const create = (options: HttpRequestOptions) => api.send('POST', '/api/users', options);

    it.each([
      ['broken JSON', '{"name": "Ada"'],
      ['a trailing comma', '{"name": "Ada",}'],
      ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ])('is malformed: %s', async (_name, body) => {
      expectProblem(await create({ body, headers: json }), 400, 'malformed-json');
    });

    it.each(['[]', '"text"', '5', 'null'])('is no object: %j', async (body) => {
      expectProblem(await create({ body, headers: json }), 400, 'validation-failed', ['#']);
    });

    it.each<[string, unknown]>([
      ['name', 5],
      ['name', null],
      ['name', '   '],
      ['name', 'n'.repeat(256)],
      ['email', ['a@example.com']],
      ['email', 'nobody'],
      ['email', `${'a'.repeat(64)}@${'b.'.repeat(95)}example`],
      ['phone', 4930],
      ['phone', '030 1234567'],
      ['phone', '+49 30 1234567 ext. 5'],
      ['displayName', {}],
      ['displayName', ''],
      ['metadata', []],
      ['metadata', 'text'],
      ['metadata', nested(6)],
      ['metadata', { text: 'x'.repeat(16 * 1024) }],
      ['id', 7],
      ['id', ''],
      ['id', '.'],
      ['id', '..'],
      ['id', 'i'.repeat(65)],
      ['id', 'a/b'],
      ['id', 'ünïque'],
      ['nickname', 'unknown field'],
      ['version', 1],
    ])('breaks the rule of %s: %j', async (field, value) => {
      expectProblem(await create({ json: newUser({ [field]: value }) }), 400, 'validation-failed', [`#/${field}`]);
    });

    it('is told everything that is wrong with it at once, and none of its values', async () => {
      const canary = 'canary-7f3a9c';
      const answer = await create({ json: { email: canary, phone: canary, 'a/b': canary } });
      expectProblem(answer, 400, 'validation-failed', ['#/name', '#/email', '#/phone', '#/a~1b']);
      expect(answer.text).not.toContain(canary);
    });

    it.each([
      ['NUL in a name', `"name":"a\\u0000b","email":"a@example.com"`, '#/name'],
      ['half an emoji in a name', `"name":"a${loneSurrogate}","email":"a@example.com"`, '#/name'],
      [
        'half an emoji in metadata',
        `"name":"a","email":"a@example.com","metadata":{"a":"${loneSurrogate}"}`,
        '#/metadata',
      ],
      ['NUL in a metadata key', `"name":"a","email":"a@example.com","metadata":{"\\u0000":1}`, '#/metadata'],
      ['a number beyond double precision', `"name":"a","email":"a@example.com","metadata":{"a":1e400}`, '#/metadata'],
      ['__proto__ as a field', `"name":"a","email":"a@example.com","__proto__":{"id":"x"}`, '#/__proto__'],
    ])('holds what cannot be stored: %s', async (_name, members, pointer) => {
      expectProblem(await create({ body: `{${members}}`, headers: json }), 400, 'validation-failed', [pointer]);
    });

    it('is nested so deep that nothing should walk it', async () => {
      const metadata = `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`;
      const body = `{"name":"a","email":"a@example.com","metadata":${metadata}}`;
      expectProblem(await create({ body, headers: json }), 400, 'validation-failed', ['#/metadata']);
    });

    it.each([
      ['POST', 'text/plain', 'accept-post'],
      ['POST', 'application/x-www-form-urlencoded', 'accept-post'],
      ['POST', 'application/merge-patch+json', 'accept-post'],
      ['PATCH', 'application/json-patch+json', 'accept-patch'],
    ] as const)('has a type that %s does not take: %s', async (method, type, hint) => {
      const path = method === 'POST' ? '/api/users' : `/api/users/${(await createUser(api)).id}`;
      const answer = await api.send(method, path, { json: { name: 'a' }, headers: { 'content-type': type } });
      expectProblem(answer, 415, 'unsupported-media-type');
      expect(answer.headers[hint]).toContain('application/json');
    });

    it('is not in UTF-8', async () => {
      const answer = await create({ json: newUser(), headers: { 'content-type': 'application/json; charset=latin1' } });
      expectProblem(answer, 415, 'unsupported-media-type');
    });

    it('is larger than 100 KiB, as it comes or unpacked', async () => {
      const body = JSON.stringify(newUser({ displayName: 'x'.repeat(100 * 1024) }));
      expectProblem(await create({ body, headers: json }), 413, 'body-too-large');
      const packed = await create({ body: gzipSync(body), headers: { ...json, 'content-encoding': 'gzip' } });
      expectProblem(packed, 413, 'body-too-large');
    });
  });

  describe('Text of any kind', () => {
    it.each([
      ['emoji', '👩🏽‍🚀 😀'],
      ['combining characters', 'e\u0301\u0323 Ngu\u0302\u0303'],
      ['text from right to left', 'עדה לאבלייס'],
      ['control characters', 'a\u0001\u001b[31m\u007f\u0085b'],
      ['what other languages would run', `'; DROP TABLE users; -- <script>alert(1)</script> \${7*7} {{7*7}}`],
      ['255 characters beyond the basic plane', '😀'.repeat(255)],
    ])('is kept as it is: %s', async (_name, value) => {
      const { id } = await createUser(api, { name: value, metadata: { [value]: value } });
      const stored = userIn(await api.send('GET', `/api/users/${id}`), 200);
      expect(stored).toMatchObject({ name: value, metadata: { [value]: value } });
    });

    it('may be called __proto__ within metadata, and is a member like any other', async () => {
      const metadata = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
      const body = JSON.stringify(newUser({ metadata: 0 })).replace('"metadata":0', `"metadata":${metadata}`);
      const { id } = userIn(await api.send('POST', '/api/users', { body, headers: json }), 201);

      expect((await api.send('GET', `/api/users/${id}`)).text).toContain(`"metadata":${metadata}`);
      expect(await createUser(api)).not.toHaveProperty('admin');
    });
  });

  describe('An address or method that leads nowhere', () => {
    it.each([
      '/',
      '/api',
      '/api/Users',
      '/api/users/a/b',
      '/api/users/a/enriched/b',
      '/.env',
      '/problems/unknown',
    ])('GET %s is 404', async (path) => expectProblem(await api.send('GET', path), 404, 'route-not-found'));

    it.each<[HttpMethod, string, string]>([
      ['DELETE', '/api/users', 'GET, HEAD, POST, OPTIONS'],
      ['POST', '/api/users/a', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
      ['PUT', '/api/users/a/enriched', 'GET, HEAD, OPTIONS'],
      ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ])('%s %s is 405', async (method, path, allow) => {
      const answer = await api.send(method, path);
      expectProblem(answer, 405, 'method-not-allowed');
      expect(answer.headers.allow).toBe(allow);
    });

    it('OPTIONS says what there is', async () => {
      const answer = await api.send('OPTIONS', '/api/users');
      expect(answer).toMatchObject({ status: 204, headers: { allow: 'GET, HEAD, POST, OPTIONS' } });
    });

    it.each(['%zz', '%', '%E0%A4', '%C0%AF'])('an id in broken percent-encoding is refused: %s', async (id) => {
      expectProblem(await api.send('GET', `/api/users/${id}`), 400, 'validation-failed', ['#/path']);
    });

    it.each([
      '%00',
      '%0A',
      '%1F',
      '%20',
      '%2F',
      'i'.repeat(65),
      '%F0%9F%98%80',
    ])('no user has this id: %s', async (id) => {
      for (const path of [`/api/users/${id}`, `/api/users/${id}/enriched`]) {
        expectProblem(await api.send('GET', path), 400, 'validation-failed', ['#/path/id']);
      }
    });

    it.each([
      ['limit=5&limit=6', '#/query/limit'],
      ['q=a&q=a', '#/query/q'],
      ['q=%zz', '#/query'],
      ['q=a%00b', '#/query/q'],
    ])('a query is refused: %s', async (query, pointer) => {
      expectProblem(await api.send('GET', `/api/users?${query}`), 400, 'validation-failed', [pointer]);
    });

    it('a caller who wants anything but JSON is refused', async () => {
      const answer = await api.send('GET', '/api/users', { headers: { accept: 'text/html' } });
      expectProblem(answer, 406, 'not-acceptable');
    });

    it.each(['If-Match', 'If-None-Match'])('%s has to be a list of entity tags', async (header) => {
      const method = header === 'If-Match' ? 'DELETE' : 'GET';
      const { id } = await createUser(api);
      const answer = await api.send(method, `/api/users/${id}`, { headers: { [header]: 'unquoted' } });
      expectProblem(answer, 400, 'validation-failed', [`#/header/${header}`]);
    });
  });

  describe('What is not even HTTP', () => {
    it.each([
      ['garbage', 'garbage\r\n\r\n', 400, 'malformed-request'],
      [
        'two lengths',
        'POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
        400,
        'malformed-request',
      ],
      [
        'a length and chunks',
        'POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        400,
        'malformed-request',
      ],
      [
        'an address of 20 KiB',
        `GET /${'a'.repeat(20 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`,
        431,
        'header-fields-too-large',
      ],
    ])('is answered with a problem, too: %s', async (_name, bytes, status, code) => {
      const [head = '', body = ''] = (await api.sendRaw(bytes)).split('\r\n\r\n');
      expect(head).toContain(`HTTP/1.1 ${status} `);
      expect(head).toMatch(/^content-type: application\/problem\+json/im);
      const requestId = /^x-request-id: (?<id>\S+)$/im.exec(head)?.groups?.['id'];
      expect(JSON.parse(body)).toMatchObject({ type: `/problems/${code}`, status, code, requestId });
    });
  });
}
