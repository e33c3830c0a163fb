import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createProfileClient, type ProfileClient, type UserChange } from '../../../src/client/index.ts';
import { freePort } from '../../helpers/child-process.ts';
import { engines, type TestDatabase } from '../../helpers/engines.ts';
import { type RunningProfiles, startProfilesOn } from '../../helpers/start-profiles.ts';
import { type Fault, type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const ada = (id: string = randomUUID()) => ({ id, name: 'Ada Lovelace', email: `${id}@example.com` });

describe('The client of a running service', () => {
  let database: TestDatabase;
  let service: RunningProfiles;
  let port: number;
  let proxy: FaultyProxy;
  let client: ProfileClient;

  const startService = async (): Promise<void> => {
    service = await startProfilesOn(database.url, { PORT: `${port}` });
  };

  beforeAll(async () => {
    database = await sqlite.create();
    port = await freePort();
    await startService();
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });
  beforeEach(async () => {
    proxy = await startFaultyProxy(service.url);
    client = createProfileClient({ baseUrl: proxy.url, deadlineMs: 10_000 });
  });
  afterEach(async () => await proxy.close());

  describe('tells the life of a user', () => {
    it('from create to delete, with the version of each answer', async () => {
      const body = ada();
      const created = await client.create(body);
      expect(created).toMatchObject({ isNew: true, etag: '"1"', user: { ...body, phone: null, version: 1 } });
      expect(await client.create(body)).toEqual({ ...created, isNew: false });

      const found = await client.get(body.id);
      expect(found).toEqual({ kind: 'found', etag: '"1"', user: created.user });
      expect(await client.get(body.id, { ifNoneMatch: found.etag })).toEqual({ kind: 'unchanged' });

      const updated = await client.update(body.id, { name: 'Ada King' }, { ifMatch: found.etag });
      expect(updated).toMatchObject({ etag: '"2"', user: { name: 'Ada King' } });
      expect(await client.get(body.id, { ifNoneMatch: found.etag })).toEqual({ kind: 'found', ...updated });

      const patched = await client.patch(body.id, { metadata: { a: 1 } }, { ifMatch: updated.etag });
      expect(patched).toMatchObject({ etag: '"3"', user: { metadata: { a: 1 } } });

      await client.remove(body.id, { ifMatch: patched.etag });
      const changes: UserChange[] = [];
      for await (const page of client.changes(body.id, { limit: 3 })) changes.push(...page.data);
      expect(changes.map(({ kind }) => kind)).toEqual(['created', 'updated', 'updated', 'deleted']);
      await expect(client.get(body.id)).rejects.toMatchObject({ name: 'ProfileProblem', code: 'user-not-found' });
    });

    it('with what the provider knows', async () => {
      const { user } = await client.create(ada());
      const enriched = await client.getEnriched(user.id);
      expect(enriched).toMatchObject({ ...user, enrichedDataStatus: 'available', enrichedData: expect.any(Object) });
    });

    it('in pages, from the first or from a cursor', async () => {
      const name = `Page ${randomUUID()}`;
      for (let user = 0; user < 5; user++) await client.create({ ...ada(), name });
      const sizes: number[] = [];
      const ids = new Set<string>();
      let second: string | null = null;
      for await (const { data, nextCursor } of client.list({ q: name, limit: 2 })) {
        second ??= nextCursor;
        sizes.push(data.length);
        for (const { id } of data) ids.add(id);
      }
      expect({ sizes, different: ids.size }).toEqual({ sizes: [2, 2, 1], different: 5 });
      const rest: number[] = [];
      for await (const page of client.list({ q: name, limit: 2, cursor: second ?? '' })) rest.push(page.data.length);
      expect(rest).toEqual([2, 1]);
    });
  });

  describe('makes errors of problems', () => {
    it('that say which rules are broken', async () => {
      await expect(client.create({ name: '', email: 'nobody' })).rejects.toMatchObject({
        name: 'ProfileProblem',
        code: 'validation-failed',
        status: 400,
        requestId: expect.stringMatching(/.+/),
        violations: [expect.objectContaining({ pointer: '#/name' }), expect.objectContaining({ pointer: '#/email' })],
      });
      expect(proxy.requests).toHaveLength(1);
    });

    it('of a version that is not current any more', async () => {
      const { user } = await client.create(ada());
      const late = client.update(user.id, { name: 'Late' }, { ifMatch: '"7"' });
      await expect(late).rejects.toMatchObject({ code: 'version-conflict', status: 412 });
    });
  });

  describe('makes each write once', () => {
    const everyWay: readonly (readonly [string, readonly Fault[]])[] = [
      ['the request is lost', ['lose-request']],
      ['the answer is lost', ['lose-answer']],
      ['the answer is lost twice', ['lose-answer', 'lose-answer']],
      ['the answer is cut', ['cut-answer']],
      ['a proxy has no server', ['lose-answer', { status: 502, body: '<h1>Bad gateway</h1>' }]],
    ];

    it.each(everyWay)('though %s, when it creates a user without an id', async (_how, faults) => {
      const { id: _id, ...body } = ada();
      proxy.script(...faults);
      const { user, isNew } = await client.create(body);
      expect(isNew).toBe(true);
      const { value: page } = await client.list({ email: body.email }).next();
      expect(page).toEqual({ data: [user], nextCursor: null });
      expectOneKey(faults.length + 1);
    });

    it.each(everyWay)('though %s, when it changes and deletes', async (_how, faults) => {
      const { user } = await client.create(ada());
      proxy.script(...faults);
      const { etag } = await client.patch(user.id, { name: 'Ada II' }, { ifMatch: '"1"' });
      expect(etag).toBe('"2"');
      proxy.script(...faults.filter((fault) => fault !== 'cut-answer'));
      await client.remove(user.id, { ifMatch: etag });
      const { value: page } = await client.changes(user.id).next();
      expect(page).toMatchObject({ data: [{ version: 1 }, { version: 2 }, { version: 3 }], nextCursor: null });
    });

    it('and another call makes another', async () => {
      await client.create(ada());
      await client.create(ada());
      expect(new Set(proxy.requests.map(({ key }) => key)).size).toBe(2);
    });

    it('and reads carry no key', async () => {
      const { user } = await client.create(ada());
      await client.get(user.id);
      expect(proxy.requests.at(-1)).toMatchObject({ method: 'GET', key: undefined });
    });

    function expectOneKey(requests: number): void {
      const keys = proxy.requests.filter(({ method }) => method === 'POST').map(({ key }) => key);
      expect(keys).toHaveLength(requests);
      expect(new Set(keys).size).toBe(1);
      expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it('obeys a Retry-After', async () => {
    const { user } = await client.create(ada());
    proxy.script({ status: 503, headers: { 'Retry-After': '1' }, body: 'back soon' });
    await client.get(user.id);
    const [refused, answered] = proxy.requests.slice(-2);
    expect(Number(answered?.atMs) - Number(refused?.atMs)).toBeGreaterThanOrEqual(999);
  });

  it('gives up at its deadline, with the reason', async () => {
    proxy.script('hang');
    const impatient = createProfileClient({ baseUrl: proxy.url, deadlineMs: 300 });
    const begunAt = performance.now();
    await expect(impatient.get('ada')).rejects.toMatchObject({
      name: 'ProfileUnreachableError',
      cause: { name: 'TimeoutError' },
    });
    expect(performance.now() - begunAt).toBeLessThan(2_000);
  });

  it('ends when its caller says so', async () => {
    proxy.script('hang');
    const ending = new AbortController();
    const call = client.get('ada', { signal: ending.signal });
    ending.abort(new Error('page closed'));
    await expect(call).rejects.toThrow('page closed');
  });

  it('waits for a service that is started again in the middle of its calls', async () => {
    const direct = createProfileClient({ baseUrl: service.url, retriesMax: 100 });
    const before = await direct.create(ada());
    await service.stop();
    const calls = [direct.patch(before.user.id, { name: 'Ada II' }), direct.create(ada())];
    await startService();
    const [patched, created] = await Promise.all(calls);
    expect(patched).toMatchObject({ etag: '"2"', user: { name: 'Ada II' } });
    expect(created).toMatchObject({ etag: '"1"' });
  });

  it('refuses an address that is none', () => {
    expect(() => createProfileClient({ baseUrl: 'profiles' })).toThrow('Invalid URL');
  });
});
