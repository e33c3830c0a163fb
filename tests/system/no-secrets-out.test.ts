import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { engines } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Fault, type MysqlFaultProxy, startMysqlFaultProxy } from '../helpers/mysql-fault-proxy.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../helpers/otlp-receiver.ts';
import {
  answer,
  answerJson,
  type Behaviour,
  breakOff,
  flood,
  hang,
  reset,
  type ScriptedProvider,
  startScriptedProvider,
  talkGarbage,
} from '../helpers/scripted-provider.ts';
import { describeWith } from '../helpers/services.ts';
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type HttpRequestOptions,
} from './acceptance/http-client.ts';

/** In everything that must not get out. */
const mark = 'zq7canary';
const phoneDigits = '15799887766';
const secrets = {
  email: `${mark}.email@example.com`,
  name: `${mark} name`,
  displayName: `${mark} display name`,
  phone: `+49${phoneDigits}`,
  metadata: { [`${mark}-member`]: `${mark} value` },
  id: `${mark}-id`,
  key: `${mark}-idempotency-key`,
  authorization: `Bearer ${mark}-authorization`,
  databasePassword: `${mark}-database-password`,
  redisPassword: `${mark}-redis-password`,
  opsToken: `${mark}-operators-token`,
} as const;

/** As it is, in capitals, in the escapes of URLs and JSON, which leave it alone, and in base64 at each of its offsets. */
const marks = [mark, phoneDigits, ...[mark, phoneDigits].flatMap(inBase64)];

const engine = engines.find(({ name }) => name === 'MariaDB');
if (engine === undefined) throw new Error('MariaDB is one of the engines.');

jest.setTimeout(120_000);

describeWith(engine.missing, 'P6: no secrets out', () => {
  let database: { readonly url: string; drop(): Promise<void> };
  let proxy: MysqlFaultProxy;
  let provider: ScriptedProvider;
  let receiver: OtlpReceiver;
  let service: ChildProcess;
  let api: HttpClient;
  const account = `profiles_${randomBytes(4).toString('hex')}`;
  const errors: string[] = [];
  const metrics: string[] = [];

  beforeAll(async () => {
    database = await engine.create();
    await administer(database.url, `CREATE USER ${account} IDENTIFIED BY '${secrets.databasePassword}'`);
    await administer(database.url, `GRANT ALL ON ${new URL(database.url).pathname.slice(1)}.* TO ${account}`);
    proxy = await startMysqlFaultProxy(database.url);
    provider = await startScriptedProvider(answerJson({ email: secrets.email }));
    receiver = await startOtlpReceiver();

    await run('migrate.ts', { DATABASE_URL: database.url }).exited;
    const port = await freePort();
    service = run('profiles.ts', { ...settings(proxy.url(database.url)), PORT: `${port}` });
    await service.printed(/Database ready/);
    api = createHttpClient(`http://127.0.0.1:${port}`);
  });

  afterAll(async () => {
    await service.kill('SIGKILL');
    await Promise.all([proxy.close(), provider.close(), receiver.close()]);
    await administer(database.url, `DROP USER ${account}`);
    await database.drop();
  });

  function settings(databaseUrl: string): Record<string, string> {
    const url = new URL(databaseUrl);
    url.username = account;
    url.password = secrets.databasePassword;
    return {
      DATABASE_URL: url.href,
      DATABASE_QUERY_TIMEOUT_MS: '500',
      ENRICHMENT_URL: provider.url,
      ENRICHMENT_ATTEMPT_TIMEOUT_MS: '50',
      ENRICHMENT_DEADLINE_MS: '200',
      ENRICHMENT_BREAKER_RESET_MS: '200',
      // Nobody listens there, and whoever did would hear the password.
      REDIS_URL: `redis://user:${secrets.redisPassword}@127.0.0.1:9/0`,
      RATE_LIMIT_PER_MINUTE: '100000',
      OPS_TOKEN: secrets.opsToken,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'trace',
      SHUTDOWN_DRAIN_MS: '0',
    };
  }

  const run = (file: string, env: Record<string, string>): ChildProcess =>
    startProcess([process.execPath, join(repositoryRoot, 'src/main', file)], { env });

  const headers = { authorization: secrets.authorization, cookie: `session=${mark}`, 'x-forwarded-for': mark };

  /** Sends a request full of secrets; the answer is kept when it is an error. */
  async function send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: HttpRequestOptions = {},
  ): Promise<HttpAnswer> {
    const received = await api.send(method, path, { ...options, headers: { ...headers, ...options.headers } });
    if (received.status >= 400) errors.push(withoutPath(received.text));
    return received;
  }

  async function scrape(): Promise<void> {
    const scraped = await api.send('GET', '/metrics', { headers: { authorization: `Bearer ${secrets.opsToken}` } });
    expect(scraped.status).toBe(200);
    metrics.push(scraped.text);
  }

  const user = (overrides: object = {}) => {
    const { email, name, displayName, phone, metadata } = secrets;
    return { email, name, displayName, phone, metadata, ...overrides };
  };
  let number = 0;
  const other = (overrides: object = {}) => user({ email: `${mark}.${(number += 1)}@example.com`, ...overrides });
  const path = `/api/users/${secrets.id}`;
  const keyed = { 'idempotency-key': secrets.key };

  it('when all is well', async () => {
    expect((await send('POST', '/api/users', { json: user({ id: secrets.id }), headers: keyed })).status).toBe(201);
    expect((await send('POST', '/api/users', { json: user({ id: secrets.id }), headers: keyed })).status).toBe(201);
    expect((await send('PATCH', path, { json: { name: `${mark} another name` } })).status).toBe(200);
    expect((await send('PUT', path, { json: { metadata: secrets.metadata } })).status).toBe(200);
    expect((await send('GET', path)).status).toBe(200);
    expect((await send('GET', `/api/users?q=${mark}&email=${encodeURIComponent(secrets.email)}`)).status).toBe(200);
    expect((await send('GET', `${path}/changes`)).status).toBe(200);
    expect((await send('GET', `${path}/enriched`)).json).toMatchObject({ enrichedDataStatus: 'available' });
    await scrape();
  });

  it('when the client is wrong', async () => {
    const json = { 'content-type': 'application/json' };
    const statuses = [
      await send('POST', '/api/users', { json: user({ email: `${mark} no address` }) }),
      await send('POST', '/api/users', { json: user({ phone: mark }) }),
      await send('POST', '/api/users', { json: user({ version: mark }) }),
      await send('POST', '/api/users', { json: user() }),
      await send('POST', '/api/users', { json: other({ id: secrets.id }) }),
      await send('POST', '/api/users', { json: other(), headers: keyed }),
      await send('POST', '/api/users', { json: other(), headers: { 'idempotency-key': `${mark} ${mark}` } }),
      await send('POST', '/api/users', { body: `{"email": ${secrets.email}}`, headers: json }),
      await send('POST', '/api/users', { body: Buffer.from(`{"name":"${mark}\xff"}`, 'latin1'), headers: json }),
      await send('POST', '/api/users', { body: mark, headers: { 'content-type': `text/${mark}` } }),
      await send('POST', '/api/users', { body: mark, headers: { ...json, 'content-encoding': mark } }),
      await send('POST', '/api/users', {
        body: gzipSync(mark).subarray(3),
        headers: { ...json, 'content-encoding': 'gzip' },
      }),
      await send('POST', '/api/users', { body: mark.repeat(20_000), headers: json }),
      await send('POST', '/api/users', { json: [mark] }),
      await send('PATCH', path, { json: { name: mark }, headers: { 'if-match': '"99"' } }),
      await send('PATCH', path, { json: { name: mark }, headers: { 'if-match': mark } }),
      await send('GET', `/api/users?limit=${mark}&sort=${mark}&${mark}=1`),
      await send('GET', `/api/users?cursor=${Buffer.from(JSON.stringify([mark])).toString('base64url')}`),
      await send('GET', `/api/users/${mark}%ff`),
      await send('GET', `/api/${mark}`),
      await send('DELETE', `/problems/${mark}`),
      await send('GET', '/api/users', { headers: { accept: `text/${mark}` } }),
      await send('GET', '/metrics'),
    ].map(({ status }) => status);
    expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true);

    for (const bytes of [
      `GET /${mark} HTTP/1.1\r\nHost: a\r\n${mark} : x\r\n\r\n`,
      `${mark}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${mark.repeat(3_000)}\r\n\r\n`,
      `POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${mark}\r\n`,
    ]) {
      errors.push(withoutPath((await api.sendRaw(bytes)).split('\r\n\r\n')[1] ?? ''));
    }
    await scrape();
  });

  it('when the database fails', async () => {
    const words = `Something near '${secrets.email}' for key '${mark}'`;
    const faults: Fault[] = [
      'cut-before',
      'cut-after',
      'stall-answer',
      { error: 1213 },
      { error: 1205 },
      { error: 1062, message: `Duplicate entry '${secrets.email}' for key 'users.users_email_key'` },
      { error: 1062, message: words },
      // A syntax error, data that do not fit, a full disk, a lost right, and one that nobody knows.
      ...[1064, 1406, 1366, 1021, 1142, 4999].map((error) => ({ error, message: words })),
    ];
    const seen = new Set<number>();
    for (const fault of faults) {
      for (const sql of [/^INSERT INTO `users`/, /^SELECT/, /^COMMIT/]) {
        proxy.setFault((command) => (sql.test(command.sql) ? fault : 'pass'));
        const json = other();
        const attempts = [
          await send('POST', '/api/users', { json, headers: { 'idempotency-key': `${mark}-${number}` } }),
          await send('GET', path),
          await send('GET', `/api/users?email=${encodeURIComponent(secrets.email)}`),
        ];
        for (const { status } of attempts) seen.add(status);
        proxy.setFault(null);
        proxy.thaw();
        await eventually(async () => expect((await api.send('GET', path)).status).toBe(200), { timeoutMs: 10_000 });
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining([409, 500, 503]));
    // What `/ready` says of it, anybody can read.
    proxy.setFault(({ sql }) => (sql.startsWith('SELECT') ? { error: 4999, message: words } : 'pass'));
    await eventually(async () => expect((await send('GET', '/ready')).status).toBe(503));
    proxy.setFault(null);
    await scrape();
  });

  it('when the provider fails', async () => {
    const told = { 'content-type': 'application/json', 'x-told': mark };
    const behaviours: Behaviour[] = [
      answer(500, JSON.stringify(secrets), told),
      answer(400, mark, told),
      answer(404, mark, told),
      answer(429, mark, { ...told, 'retry-after': mark }),
      answer(302, '', { location: `http://${mark}.example/` }),
      answer(200, mark, told),
      answer(200, mark, { 'content-encoding': 'gzip' }),
      talkGarbage,
      flood(100_000),
      breakOff,
      reset,
      hang,
    ];
    for (const behaviour of behaviours) {
      provider.script(behaviour);
      for (let times = 0; times < 3; times++) expect((await send('GET', `${path}/enriched`)).status).toBe(200);
    }
    expect(service.output).toContain('Circuit Breaker OPEN');
    await scrape();
  });

  it('when the client has gone', async () => {
    // The breaker is open still.
    provider.script(answerJson({ email: secrets.email }));
    await eventually(async () => {
      expect((await send('GET', `${path}/enriched`)).json).toMatchObject({ enrichedDataStatus: 'available' });
    });
    // One while its provider thinks, one within its body.
    provider.script(hang);
    const asked = provider.requests.length;
    const waiting = await connectTo(api);
    waiting.write(`GET ${path}/enriched HTTP/1.1\r\nHost: a\r\nAuthorization: ${mark}\r\n\r\n`);
    await provider.received(asked + 1);
    waiting.destroy();
    const writing = await connectTo(api);
    const head = 'POST /api/users HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n';
    await new Promise<void>((resolve) => writing.write(head + JSON.stringify(other()), () => resolve()));
    writing.destroy();
    await eventually(() => expect(service.output).toContain('Request ended before its answer had gone out'));
    await scrape();
  });

  it('when it cannot even start', async () => {
    const wrong = new URL(database.url);
    wrong.username = account;
    wrong.password = `${mark}-wrong-password`;
    const port = await freePort();
    const refused = run('profiles.ts', { ...settings(database.url), DATABASE_URL: wrong.href, PORT: `${port}` });
    await refused.printed(/Waiting for the database/);
    const ready = await createHttpClient(`http://127.0.0.1:${port}`).send('GET', '/ready');
    await refused.kill('SIGTERM');
    const migration = run('migrate.ts', { DATABASE_URL: wrong.href });
    await migration.exited;
    const invalid = run('profiles.ts', {
      ...settings(database.url),
      DATABASE_URL: `oracle://${mark}:${mark}@db/${mark}`,
      REDIS_URL: `http://${mark}`,
      OPS_TOKEN: mark.slice(0, 9),
      CORS_ORIGINS: mark,
      ENRICHMENT_URL: `ftp://${mark}:${mark}@provider`,
    });
    expect(await invalid.exited).toMatchObject({ code: 78 });

    expect(ready.status).toBe(503);
    expect(leaksIn([refused.output, ready.text, migration.output, invalid.output])).toEqual([]);
  });

  it('neither in its log, its metrics, its traces nor its errors', async () => {
    await service.kill('SIGTERM');
    const log = service.output;

    // What has not been written cannot have leaked.
    for (const message of [
      'Request answered',
      'Request failed',
      'Request refused',
      'Enrichment call failed',
      'Transaction is run again',
      'Enrichment attempt ended',
      'Stopped',
    ]) {
      expect(log).toContain(message);
    }
    expect(log).not.toContain('"withheld"');
    expect(errors.length).toBeGreaterThan(60);
    expect(metrics.at(-1)).toMatch(/http_requests_total\{[^}]*status="500"\} [1-9]/);
    expect(receiver.spans.length).toBeGreaterThan(100);

    expect(leaksIn(log.split('\n'))).toEqual([]);
    expect(leaksIn(metrics.flatMap((text) => text.split('\n')))).toEqual([]);
    expect(leaksIn(receiver.bodies)).toEqual([]);
    expect(leaksIn(receiver.exports.map((sent) => JSON.stringify(sent.headers)))).toEqual([]);
    expect(leaksIn(errors)).toEqual([]);
  });
});

/** The first of the texts that hold a secret. */
function leaksIn(texts: readonly string[]): string[] {
  return texts.filter((text) => marks.some((secret) => text.toLowerCase().includes(secret.toLowerCase()))).slice(0, 5);
}

/** An error says which path was asked for, and where in the request it was wrong, by names that the client has chosen. */
function withoutPath(body: string): string {
  return body.replace(/"instance":"[^"]*"/, '').replaceAll(/"pointer":"[^"]*"/g, '');
}

function inBase64(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(`${' '.repeat(offset)}${text}`).toString('base64');
    // The first and the last characters depend on what stands beside it.
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
}

async function connectTo({ url }: HttpClient): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

async function administer(url: string, statement: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
