import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { type ConformingAgent, conformingAgent } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

describeOnEachEngine('Bad input', (engine) => {
  let profiles: RunningProfiles;
  let api: ConformingAgent;
  beforeAll(async () => {
    profiles = await startProfiles(engine);
    api = conformingAgent(profiles.url);
  });
  afterAll(() => profiles?.stop());

  const post = (text: string, type = 'application/json') => api.post('/api/users').type(type).send(text);

  it.each([
    ['broken JSON', '{"name":', 400, 'malformed-json'],
    ['JSON with a comment', '{/* */}', 400, 'malformed-json'],
    ['an array', '[]', 400, 'validation-failed'],
    ['a string', '"x"', 400, 'validation-failed'],
    ['null', 'null', 400, 'validation-failed'],
    ['nothing', '', 400, 'validation-failed'],
    ['too much', JSON.stringify({ name: 'x'.repeat(101 * 1024) }), 413, 'body-too-large'],
  ])('%s as a body', async (_what, body, status, code) => {
    const response = await post(body);
    expect([response.status, response.body.code]).toEqual([status, code]);
  });

  it('a body that is not UTF-8, or another charset', async () => {
    // supertest would encode a string again, so the bytes go out by fetch.
    const send = async (body: Buffer, type = 'application/json') => {
      const response = await fetch(`${profiles.url}/api/users`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await send(Buffer.from('{"name":"\xff","email":"a@example.com"}', 'latin1'))).toEqual([
      400,
      'malformed-json',
    ]);
    expect(await send(Buffer.from('{}', 'utf16le'), 'application/json; charset=utf-16')).toEqual([
      415,
      'unsupported-media-type',
    ]);
    expect(await send(Buffer.from('{}'), 'application/json; charset=latin1')).toEqual([415, 'unsupported-media-type']);
    expect(await send(Buffer.from('{}'), 'text/plain')).toEqual([415, 'unsupported-media-type']);
    expect(await send(Buffer.from('{}'), 'application/merge-patch+json')).toEqual([415, 'unsupported-media-type']);
  });

  it('a small compressed body that unpacks to a large one', async () => {
    const body = gzipSync(JSON.stringify({ name: 'x'.repeat(10_000_000) }));
    const response = await fetch(`${profiles.url}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body,
    });
    expect(response.status).toBe(413);
  });

  it.each([
    ['no name', { name: undefined }, '#/name'],
    ['a blank name', { name: ' \t\n' }, '#/name'],
    ['a name of 256 characters', { name: 'x'.repeat(256) }, '#/name'],
    ['a name of 256 emoji', { name: '😀'.repeat(256) }, '#/name'],
    ['a number for a name', { name: 5 }, '#/name'],
    ['a name with NUL', { name: 'a\0b' }, '#/name'],
    ['a name with a lone surrogate', { name: 'a\ud800' }, '#/name'],
    ['an e-mail address without @', { email: 'nobody' }, '#/email'],
    ['an e-mail address with a NUL', { email: 'a\0@example.com' }, '#/email'],
    [
      'an e-mail address of 255 characters',
      { email: `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(65)}.org` },
      '#/email',
    ],
    ['a phone number without a country', { phone: '030 123456' }, '#/phone'],
    ['a number for a phone number', { phone: 49301234 }, '#/phone'],
    ['an empty display name', { displayName: '' }, '#/displayName'],
    ['metadata that are an array', { metadata: [] }, '#/metadata'],
    ['metadata that are null', { metadata: null }, '#/metadata'],
    ['metadata six levels deep', { metadata: { a: { b: { c: { d: { e: {} } } } } } }, '#/metadata'],
    ['metadata of 17 KiB', { metadata: { a: 'x'.repeat(17 * 1024) } }, '#/metadata'],
    ['an unknown field', { role: 'admin' }, '#/role'],
    ['a field that the server sets', { version: 7 }, '#/version'],
    ['an id of 65 characters', { id: 'x'.repeat(65) }, '#/id'],
    ['an id with a slash', { id: 'a/b' }, '#/id'],
    ['the id ..', { id: '..' }, '#/id'],
    ['the id .', { id: '.' }, '#/id'],
    ['an empty id', { id: '' }, '#/id'],
    ['an id of null', { id: null }, '#/id'],
  ])('%s', async (_what, overrides, pointer) => {
    const canary = `canary.${randomUUID()}@example.com`;
    const response = await api.post('/api/users').send(buildUserBody({ email: canary, ...overrides }));
    expect(response.status).toBe(400);
    expect(new Set(response.body.errors.map((error: { pointer: string }) => error.pointer))).toEqual(
      new Set([pointer]),
    );
    expect(response.text).not.toContain('canary');
  });

  it('names all that is wrong, and repeats none of the values', async () => {
    const response = await api
      .post('/api/users')
      .send({ id: 'no spaces', name: '', email: 'canary-email', phone: 'canary-phone', x: 'canary-x' });
    expect(response.body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '#/email',
      '#/id',
      '#/name',
      '#/phone',
      '#/x',
    ]);
    expect(response.text).not.toContain('canary-');
    expect(response.text).not.toContain('no spaces');
  });

  it('an own key __proto__ at the top is unknown, in metadata harmless', async () => {
    const top = await post(`{"name":"A","email":"p.${randomUUID()}@example.com","__proto__":{"admin":true}}`);
    expect([top.status, top.body.errors[0].pointer]).toEqual([400, '#/__proto__']);

    const body = `{"name":"A","email":"p.${randomUUID()}@example.com","metadata":{"__proto__":{"admin":true},"constructor":{"prototype":1}}}`;
    const created = await post(body);
    expect(created.status).toBe(201);
    expect(created.text).toContain('"metadata":{"__proto__":{"admin":true},"constructor":{"prototype":1}}');
    expect((await api.get(`/api/users/${created.body.id}`)).text).toBe(created.text);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('keeps control characters, emoji and combining characters', async () => {
    const name = 'Zo\u0065\u0308 \u0001 👩🏽‍🚀 \u202eabc';
    const created = await api.post('/api/users').send(buildUserBody({ name, metadata: { '\u0007': '\u001f' } }));
    expect(created.status).toBe(201);
    expect((await api.get(`/api/users/${created.body.id}`)).body).toMatchObject({
      name,
      metadata: { '\u0007': '\u001f' },
    });
  });

  it('a patch that is nested ten thousand levels deep', async () => {
    const created = await api.post('/api/users').send(buildUserBody());
    const deep = `{"metadata":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
    const response = await api.patch(`/api/users/${created.body.id}`).type('application/merge-patch+json').send(deep);
    expect(response.status).toBe(400);
  });

  it.each([
    ['PUT', '{}'],
    ['PATCH', '{}'],
    ['PATCH', '{"name":null}'],
    ['PATCH', '{"email":null}'],
    ['PATCH', '{"id":"x"}'],
    ['PUT', '{"createdAt":"2026-01-01T00:00:00.000Z"}'],
  ])('%s with %s', async (method, body) => {
    const created = await api.post('/api/users').send(buildUserBody());
    const target = `/api/users/${created.body.id}`;
    const response = await (method === 'PUT' ? api.put(target) : api.patch(target)).type('application/json').send(body);
    expect(response.status).toBe(400);
  });

  it.each([
    ['/api/users/%zz', 400, 'validation-failed'],
    ['/api/users/%ff', 400, 'validation-failed'],
    ['/api/users/a%2fb', 400, 'validation-failed'],
    ['/api/users/%2e%2e', 400, 'validation-failed'],
    ['/api/users/a%00b', 400, 'validation-failed'],
    [`/api/users/${'x'.repeat(65)}`, 400, 'validation-failed'],
    [`/api/users/${'x'.repeat(8000)}`, 400, 'validation-failed'],
    ['/api/users?q=%zz', 400, 'validation-failed'],
    ['/api/users?q=%ff', 400, 'validation-failed'],
    ['/api/users/ada?verbose=1', 400, 'validation-failed'],
    ['/api/users/ada/enriched?verbose=1', 400, 'validation-failed'],
    ['/api/userz', 404, 'route-not-found'],
    ['/API/users', 404, 'route-not-found'],
    ['/', 404, 'route-not-found'],
  ])('GET %s', async (target, status, code) => {
    const response = await rawRequest(profiles.url, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject({ code, status, type: `/problems/${code}` });
    expect((response.body as { instance: string }).instance).toMatch(/^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/);
  });

  it.each([
    ['a path of 20 KiB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'header-fields-too-large'],
    ['no host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed-request'],
    ['a line that is no HTTP', 'HELLO\r\n\r\n', 400, 'malformed-request'],
    ['a header with a control character', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\u0001b\r\n\r\n', 400, 'malformed-request'],
    [
      'two lengths',
      'POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      400,
      'malformed-request',
    ],
  ])('%s', async (_what, request, status, code) => {
    const response = await rawRequest(profiles.url, request);
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject({ code, status, requestId: expect.any(String) });
  });

  it.each([
    ['createdAt', ['createdAt', '+275760-09-13T00:00:00.000Z', 'a']],
    ['createdAt', ['createdAt', '0000-00-00T00:00:00.000Z', 'a']],
    ['name', ['name', 'a', 'ü😀']],
    ['name', ['name', 'a\0', 'a']],
  ])('a forged cursor by %s: %j', async (sort, parts) => {
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
    const response = await api.get(`/api/users?sort=${sort}&cursor=${cursor}`);
    expect([response.status, response.body.errors?.[0].pointer]).toEqual([400, '#/query/cursor']);
  });

  it('an e-mail filter that is no address finds nobody', async () => {
    await api.post('/api/users').send(buildUserBody({ email: 'ab.c@ab.cd' }));
    expect((await api.get('/api/users?email=ab.cd')).body.data).toEqual([]);
  });

  describe('garbage behind a complete request', () => {
    const answerTo = async (request: string): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(profiles.url).port) });
      socket.on('error', () => {});
      let received = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        received += chunk;
      });
      socket.write(`${request}GARBAGE\r\n\r\n`);
      await closed(socket);
      return received;
    };

    it('does not become the answer to it', async () => {
      const body = JSON.stringify({ name: 'A', email: `pipelined.${randomUUID()}@example.com` });
      const head = `POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
      const received = await answerTo(`${head}\r\n\r\n${body}`);
      expect(received).toMatch(/^HTTP\/1\.1 201 .*\r\nConnection: close\r\n.*"version":1/s);
      expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    });

    it.each(['', 'Connection: close\r\n'])('does not cut its answer off (%j)', async (header) => {
      const received = await answerTo(`GET /metrics HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
      const announced = Number(/\r\nContent-Length: (\d+)/.exec(received)?.[1]);
      expect(announced).toBeGreaterThan(10_000);
      expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(announced);
    });

    it('ends the connection behind the last answer to a whole request, and not before', async () => {
      const get = 'GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n';
      const half =
        'POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
      const received = await answerTo(`${get}${get}${half}`);
      expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
      expect(received.match(/HTTP\/1\.1/g)).toHaveLength(2);
    });
  });

  it('a body that never ends is refused while it still arrives', async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(profiles.url).port) });
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.write(
      'POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const sending = setInterval(() => socket.write(chunk), 1).unref();
    await closed(socket);
    clearInterval(sending);
    expect(received).toContain('HTTP/1.1 413');
  });

  it('follows the cursor behind the worst of names', async () => {
    const name = '\u0001'.repeat(255);
    for (const end of ['a', 'b', 'c']) {
      await api.post('/api/users').send(buildUserBody({ name, id: randomUUID().padEnd(63, '~') + end }));
    }
    const page = await api.get('/api/users?sort=name&limit=1&q=%01');
    expect((await api.get(page.headers['link']?.match(/^<([^>]+)>/)?.[1] ?? '')).status).toBe(200);
  });

  it('a client that sends garbage and never closes its side is let go', async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(profiles.url).port), allowHalfOpen: true });
    socket.write('HELLO\r\n\r\n');
    socket.resume();
    const reset = closed(socket);
    socket.on('error', () => {});
    await once(socket, 'end');
    // The server has gone altogether: what is written now is answered with a reset.
    const writing = setInterval(() => socket.write('x'), 10).unref();
    await reset;
    clearInterval(writing);
  });

  describe('methods and formats', () => {
    it.each([
      ['/api/users', 'GET, HEAD, POST, OPTIONS'],
      ['/api/users/ada', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
      ['/api/users/ada/enriched', 'GET, HEAD, OPTIONS'],
      ['/health', 'GET, HEAD, OPTIONS'],
    ])('%s supports %s', async (target, allow) => {
      const response = await fetch(`${profiles.url}${target}`, { method: 'PROPFIND' });
      expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
      expect(await response.json()).toMatchObject({ code: 'method-not-allowed' });
      const options = await fetch(`${profiles.url}${target}`, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
    });

    it('refuses to answer in XML', async () => {
      const response = await api.get('/api/users').set('Accept', 'application/xml');
      expect([response.status, response.body.code]).toEqual([406, 'not-acceptable']);
    });

    it('says what it takes when the media type is wrong', async () => {
      expect((await post('a=b', 'application/x-www-form-urlencoded')).headers['accept-post']).toBe('application/json');
      const patch = await api.patch('/api/users/ada').type('text/plain').send('x');
      expect(patch.headers['accept-patch']).toBe('application/merge-patch+json, application/json');
    });
  });

  describe('headers', () => {
    it('takes the request id of the caller if it is safe, and makes one otherwise', async () => {
      expect((await api.get('/health').set('X-Request-Id', 'abc-123')).headers['x-request-id']).toBe('abc-123');
      for (const bad of ['a b', 'x'.repeat(129), '<script>']) {
        expect((await api.get('/health').set('X-Request-Id', bad)).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      }
    });

    it.each(['nonsense', '"1', '1'])('refuses If-Match: %s', async (tag) => {
      const created = await api.post('/api/users').send(buildUserBody());
      const response = await api.put(`/api/users/${created.body.id}`).set('If-Match', tag).send({ name: 'X' });
      expect([response.status, response.body.errors[0].pointer]).toEqual([400, '#/header/If-Match']);
    });

    it('does not say what it is made of', async () => {
      expect((await api.get('/health')).headers['x-powered-by']).toBeUndefined();
    });
  });

  it('makes no 500 of any of it', () => {
    expect(profiles.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

/** `once(socket, 'close')` would reject at the reset that is expected here. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** Sends text as it stands, which no HTTP client would. */
async function rawRequest(url: string, text: string): Promise<{ status: number; body: unknown }> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(text, 'latin1');
  await once(socket, 'close');
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) };
}
