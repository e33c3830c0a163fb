import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { describeOnEachEngine, type Engine, type TestDatabase } from '../helpers/engines.ts';
import { startProfiles } from '../helpers/start-profiles.ts';
import { queryDatabase } from '../helpers/query-database.ts';
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type HttpRequestOptions,
} from './acceptance/http-client.ts';
import { createUser, newUser, tally } from './acceptance/target.ts';
import { type ServiceProcess, startService } from './service-process.ts';

/** How often each race is run; what it shows once may have been luck. */
const rounds = 5;
const everyRound = Array.from({ length: rounds }, (_, index) => index + 1);

type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

describeOnEachEngine('Two processes of the production service, racing', (engine) => {
  let database: TestDatabase;
  let services: readonly ServiceProcess[] = [];
  const durationsMs: number[] = [];
  const answersToOneKey: string[] = [];
  beforeAll(async () => {
    database = await engine.create();
    // With its defaults: a pool of ten each.
    services = [await startService(database.url), await startService(database.url)];
    for (const service of services) await service.becomesReady(10_000);
  }, 30_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.kill('SIGTERM')));
    const slowest = `${durationsMs.length} answers, the slowest after ${Math.max(...durationsMs).toFixed(0)} ms`;
    process.stdout.write(`${engine.name}: ${slowest}; to one key ${JSON.stringify(tally(answersToOneKey))}\n`);
    await database?.drop();
  });
  afterEach(() => {
    for (const { output } of services) expect(output).not.toContain('"level":"error"');
  });

  const apiOf = (number: number): HttpClient => {
    const service = services[number % services.length];
    if (service === undefined) throw new Error('No service was started.');
    return service.api;
  };
  /** Sends that many requests at once, to the two in turns. */
  const race = async (
    count: number,
    method: Method,
    requestOf: (number: number) => HttpRequestOptions & { path: string },
  ): Promise<HttpAnswer[]> => {
    const answers = await Promise.all(
      Array.from({ length: count }, (_, number) => {
        const { path, ...options } = requestOf(number);
        return apiOf(number).send(method, path, options);
      }),
    );
    durationsMs.push(...answers.map(({ durationMs }) => durationMs));
    return answers;
  };
  const same = (json: unknown, headers = {}) => ({ path: '/api/users', json, headers });

  const usersWith = (email: unknown): Promise<Record<string, unknown>[]> =>
    queryDatabase(database.url, 'SELECT id, version FROM users WHERE email = ?', [email]);
  /** The versions that the journal has, in its order: one for each change that was accepted. */
  const versionsOf = async (id: unknown): Promise<unknown[]> => {
    const sql = 'SELECT version FROM user_changes WHERE user_id = ? ORDER BY seq';
    return (await queryDatabase(database.url, sql, [id])).map(({ version }) => version);
  };
  /** The id of the user that the one successful answer holds. */
  const winnerOf = (answers: readonly HttpAnswer[]): unknown =>
    answers.filter(({ status }) => status < 300).map(({ json }) => (json as { id: unknown }).id)[0];

  describe('create a user once (W1)', () => {
    it.each(everyRound)('out of 50 identical creates with one key, round %i', async () => {
      const key = { 'idempotency-key': randomUUID() };
      const body = newUser();
      const answers = await race(50, 'POST', () => same(body, key));

      answersToOneKey.push(...answers.map(outcome));
      const { '201': first, ...others } = tally(answers.map(outcome));
      expect(first).toBe(1);
      expect(['201 replayed', '409 request-in-progress']).toEqual(expect.arrayContaining(Object.keys(others)));
      const bodies = new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text));
      expect(bodies.size).toBe(1);
      for (const answer of answers.filter(({ status }) => status === 409)) {
        expect(answer.headers['retry-after']).toBe('1');
      }

      for (const number of [0, 1]) {
        const again = await apiOf(number).send('POST', '/api/users', same(body, key));
        expect([outcome(again), again.text]).toEqual(['201 replayed', ...bodies]);
      }
      const users = await usersWith(body['email']);
      expect(users).toHaveLength(1);
      expect(await versionsOf(users[0]?.['id'])).toEqual([1]);
    });

    it.each(everyRound)('out of 50 identical creates under one id, round %i', async () => {
      const body = newUser({ id: randomUUID() });
      const answers = await race(50, 'POST', () => same(body));
      expect(tally(answers.map(outcome))).toEqual({ 201: 1, 200: 49 });
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(await usersWith(body['email'])).toHaveLength(1);
      expect(await versionsOf(body['id'])).toEqual([1]);
    });

    it.each(everyRound)('out of 50 identical creates with keys of their own and one id, round %i', async () => {
      const body = newUser({ id: randomUUID() });
      const answers = await race(50, 'POST', () => same(body, { 'idempotency-key': randomUUID() }));
      expect(tally(answers.map(outcome))).toEqual({ 201: 1, 200: 49 });
      expect(await versionsOf(body['id'])).toEqual([1]);
    });
  });

  describe('give an e-mail address to one user (W2)', () => {
    it.each(everyRound)('out of 100 creates, round %i', async () => {
      const email = `wanted.${randomUUID()}@example.com`;
      const answers = await race(100, 'POST', (number) => same(newUser({ name: `User ${number}`, email })));
      expect(tally(answers.map(outcome))).toEqual({ 201: 1, '409 email-taken': 99 });
      const winner = winnerOf(answers);
      expect(await usersWith(email)).toEqual([{ id: winner, version: 1 }]);
      expect(await versionsOf(winner)).toEqual([1]);
    });

    it.each(everyRound)('out of 50 who change to it, round %i', async () => {
      const users = await Promise.all(everyOf(50).map((number) => createUser(apiOf(number))));
      const email = `wanted.${randomUUID()}@example.com`;
      const answers = await race(50, 'PUT', (number) => ({ path: `/api/users/${users[number]?.id}`, json: { email } }));
      expect(tally(answers.map(outcome))).toEqual({ 200: 1, '409 email-taken': 49 });
      const winner = winnerOf(answers);
      expect(await usersWith(email)).toEqual([{ id: winner, version: 2 }]);
      const changes = await Promise.all(users.map(async ({ id }) => (await versionsOf(id)).length));
      expect(tally(changes)).toEqual({ 1: 49, 2: 1 });
    });
  });

  it.each(everyRound)('change a user once out of 50 patches of one version (W7), round %i', async () => {
    const { id } = await createUser(apiOf(0));
    const path = `/api/users/${id}`;
    const headers = { 'if-match': '"1"' };
    const answers = await race(50, 'PATCH', (number) => ({ path, headers, json: { name: `Name ${number}` } }));
    expect(tally(answers.map(outcome))).toEqual({ 200: 1, '412 version-conflict': 49 });
    const winner = answers.find(({ status }) => status === 200);
    expect((await apiOf(1).send('GET', path)).text).toBe(winner?.text);
    expect(await versionsOf(id)).toEqual([1, 2]);
  });

  it.each(everyRound)('delete a user once out of 50 deletes (W8), round %i', async () => {
    const { id } = await createUser(apiOf(0));
    const answers = await race(50, 'DELETE', () => ({ path: `/api/users/${id}` }));
    expect(tally(answers.map(outcome))).toEqual({ 204: 1, '404 user-not-found': 49 });
    expect(await versionsOf(id)).toEqual([1, 2]);
  });
});

describeOnEachEngine('A pool of two connections', (engine: Engine) => {
  it('carries out 50 creates with keys at once, each of them (W9)', async () => {
    const database = await engine.create();
    const owner = { ...engine, create: () => Promise.resolve(database) };
    const profiles = await startProfiles(owner, { DATABASE_POOL_MAX: '2' });
    try {
      const api = createHttpClient(profiles.url);
      for (let round = 1; round <= rounds; round++) {
        const answers = await Promise.all(
          everyOf(50).map(() => {
            const headers = { 'idempotency-key': randomUUID() };
            return api.send('POST', '/api/users', { json: newUser(), headers });
          }),
        );
        expect(tally(answers.map(outcome))).toEqual({ 201: 50 });
        const slowest = Math.max(...answers.map(({ durationMs }) => durationMs));
        process.stdout.write(`${engine.name}, pool of two: 50 creates, the slowest after ${slowest.toFixed(0)} ms\n`);
      }
      for (const table of ['users', 'user_changes', 'idempotency_keys']) {
        const [row] = await queryDatabase(database.url, `SELECT COUNT(*) AS n FROM ${table}`);
        expect(row).toEqual({ n: 50 * rounds });
      }
    } finally {
      await profiles.stop();
    }
  });
});

/** Status, code of a problem, and whether it was given before. */
function outcome({ status, json, headers }: HttpAnswer): string {
  const code = typeof json === 'object' && json !== null && 'code' in json ? ` ${String(json.code)}` : '';
  return `${status}${code}${headers['idempotency-replayed'] === 'true' ? ' replayed' : ''}`;
}

function everyOf(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
