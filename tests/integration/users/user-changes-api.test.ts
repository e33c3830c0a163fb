import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import { openDatabase } from '../../../src/platform/database/open-database.ts';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine, type TestDatabase } from '../../helpers/engines.ts';
import { type ConformingAgent, conformingAgent } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

describeOnEachEngine('The changes of a user', (engine) => {
  let profiles: RunningProfiles;
  let api: ConformingAgent;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await engine.create();
    profiles = await startProfiles({ ...engine, create: () => Promise.resolve(database) });
    api = conformingAgent(profiles.url);
  });
  afterAll(() => profiles?.stop());

  /** What the tables hold about changes, as the database sees it. */
  async function allRows(): Promise<Record<string, unknown>[]> {
    const { sequelize, close } = openDatabase(parseDatabaseUrl(database.url), { poolMax: 1, queryTimeoutMs: 60_000 });
    try {
      return await sequelize.query('SELECT * FROM user_changes ORDER BY seq', { type: QueryTypes.SELECT });
    } finally {
      await close();
    }
  }

  const create = async (overrides: Record<string, unknown> = {}): Promise<{ id: string; email: string }> => {
    const response = await api.post('/api/users').send(buildUserBody(overrides));
    expect(response.status).toBe(201);
    return response.body;
  };
  const path = ({ id }: { id: string }) => `/api/users/${id}`;
  const changes = (user: { id: string }) => api.get(`${path(user)}/changes`);

  /** A user with two more versions, who is gone again; each request under an id of its own. */
  async function wholeLife(): Promise<{ user: { id: string }; requestIds: string[]; values: string[] }> {
    const requestIds = ['create', 'update', 'patch', 'delete'].map((step) => `${step}-${randomUUID()}`);
    const [createId = '', updateId = '', patchId = '', deleteId = ''] = requestIds;
    const body = buildUserBody({
      id: randomUUID(),
      name: 'Wilhelmina Secretname',
      phone: '+442079460958',
      metadata: { secretkey: 'secretvalue' },
    });
    const { body: user } = await api.post('/api/users').set('X-Request-Id', createId).send(body);
    const update = { displayName: 'Secret Countess', phone: '+442079460958' };
    await api.put(path(user)).set('X-Request-Id', updateId).send(update).expect(200);
    const patch = { phone: null, metadata: { secretkey: null, other: 'secretother' } };
    await api.patch(path(user)).set('X-Request-Id', patchId).send(patch).expect(200);
    await api.delete(path(user)).set('X-Request-Id', deleteId).expect(204);
    const values = ['secret', 'wilhelmina', '442079460958', 'example.com', String(body['email'])];
    return { user, requestIds, values };
  }

  describe('its journal', () => {
    it('tells the whole life of a user who is gone', async () => {
      const { user, requestIds } = await wholeLife();

      const response = await changes(user);

      expect(response.status).toBe(200);
      expect(response.headers['cache-control']).toBe('private, no-cache');
      expect(response.body).toEqual({
        data: [
          { version: 1, kind: 'created', fields: ['name', 'email', 'phone', 'metadata'] },
          { version: 2, kind: 'updated', fields: ['displayName'] },
          { version: 3, kind: 'updated', fields: ['phone', 'metadata'] },
          { version: 4, kind: 'deleted', fields: [] },
        ].map(({ version, kind, fields }, index) => ({
          id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
          version,
          kind,
          fields,
          changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          requestId: requestIds[index],
        })),
        nextCursor: null,
      });
      const ids = response.body.data.map(({ id }: { id: string }) => id);
      expect(new Set(ids).size).toBe(4);
    });

    it('holds no value of a personal field, neither in the answer nor in the table', async () => {
      const { user, values } = await wholeLife();
      const answer = (await changes(user)).text.toLowerCase();
      const rows = (await allRows()).filter((row) => row['user_id'] === user.id);
      expect(rows).toHaveLength(4);
      for (const value of values) {
        expect(answer).not.toContain(value.toLowerCase());
        expect(JSON.stringify(rows).toLowerCase()).not.toContain(value.toLowerCase());
      }
    });

    it('says when the user was written', async () => {
      const user = await create();
      const updated = await api.put(path(user)).send({ name: 'Augusta' });
      const { data } = (await changes(user)).body;
      expect(data.map((change: { changedAt: string }) => change.changedAt)).toEqual([
        updated.body.createdAt,
        updated.body.updatedAt,
      ]);
    });

    it('names no field when a write repeats what is there', async () => {
      const user = await create({ name: 'Augusta' });
      await api.put(path(user)).send({ name: 'Augusta' }).expect(200);
      const { data } = (await changes(user)).body;
      expect(data[1]).toMatchObject({ version: 2, kind: 'updated', fields: [] });
    });

    it('tells of a create once, however often it is sent', async () => {
      const body = buildUserBody({ id: randomUUID() });
      await api.post('/api/users').send(body).expect(201);
      await api.post('/api/users').send(body).expect(200);
      expect((await changes({ id: String(body['id']) })).body.data).toHaveLength(1);
    });

    it('goes on when the id is used again', async () => {
      const user = await create({ id: randomUUID() });
      await api.delete(path(user)).expect(204);
      await create({ id: user.id });
      const { data } = (await changes(user)).body;
      expect(data.map(({ kind }: { kind: string }) => kind)).toEqual(['created', 'deleted', 'created']);
    });

    it('has each version once, in order, after 20 updates at the same time', async () => {
      const user = await create();
      const updates = Array.from({ length: 20 }, (_, index) => api.put(path(user)).send({ name: `Ada ${index}` }));
      await Promise.all(updates);
      const { data } = (await changes(user).query({ limit: 100 })).body;
      expect(data.map(({ version }: { version: number }) => version)).toEqual(
        Array.from({ length: 21 }, (_, index) => index + 1),
      );
    });
  });

  describe('pages', () => {
    it('follow each other by Link until there is no more', async () => {
      const user = await create();
      for (const name of ['B', 'C', 'D', 'E']) await api.put(path(user)).send({ name }).expect(200);
      const whole = (await changes(user)).body.data;
      for (const limit of [1, 2, 5]) {
        const paged: unknown[] = [];
        for (let next: string | undefined = `${path(user)}/changes?limit=${limit}`; next !== undefined; ) {
          const response = await api.get(next);
          expect(response.status).toBe(200);
          paged.push(...response.body.data);
          next = /^<(.*)>; rel="next"$/.exec(response.headers['link'] ?? '')?.[1];
          const cursor = next === undefined ? null : new URL(next, profiles.url).searchParams.get('cursor');
          expect(response.body.nextCursor).toBe(cursor);
        }
        expect(paged).toEqual(whole);
      }
    });

    it.each([
      ['a cursor of nonsense', 'cursor=nonsense', '#/query/cursor'],
      ['a cursor of users', `cursor=${Buffer.from('["createdAt","","a"]').toString('base64url')}`, '#/query/cursor'],
      ['an empty cursor', 'cursor=', '#/query/cursor'],
      ['a cursor that is too long', `cursor=${'M'.repeat(65)}`, '#/query/cursor'],
      ['a limit of zero', 'limit=0', '#/query/limit'],
      ['a limit of 101', 'limit=101', '#/query/limit'],
      ['a limit that is no number', 'limit=many', '#/query/limit'],
      ['a parameter that is unknown', 'sort=name', '#/query/sort'],
    ])('are refused with %s', async (_what, query, pointer) => {
      const user = await create();
      const response = await api.get(`${path(user)}/changes?${query}`);
      expect([response.status, response.body.code]).toEqual([400, 'validation-failed']);
      expect(response.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
    });
  });

  it('are not found where there never was a user', async () => {
    const response = await changes({ id: 'nobody' });
    expect([response.status, response.body.code]).toEqual([404, 'user-not-found']);
  });

  it('are refused under what is no id', async () => {
    const response = await api.get('/api/users/Ada%20Lovelace/changes');
    expect([response.status, response.body.errors[0].pointer]).toEqual([400, '#/path/id']);
  });

  it('can be asked for by HEAD, and be written by nobody', async () => {
    const user = await create();
    const head = await api.head(`${path(user)}/changes`);
    expect([head.status, head.headers['cache-control']]).toEqual([200, 'private, no-cache']);
    const post = await api.post(`${path(user)}/changes`).send({});
    expect([post.status, post.headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await changes(user).set('Accept', 'text/html')).status).toBe(406);
  });

  it('are not told of writes that were refused', async () => {
    const [user, other] = [await create(), await create()];
    const before = await allRows();
    const stale = '"9"';

    const refused = [
      await api.post('/api/users').send(buildUserBody({ email: other.email })),
      await api.post('/api/users').send(buildUserBody({ id: user.id })),
      await api.post('/api/users').send({ name: 'No address' }),
      await api.put(path(user)).send({ email: other.email }),
      await api.put(path(user)).set('If-Match', stale).send({ name: 'Stale' }),
      await api.put(path({ id: 'nobody' })).send({ name: 'Nobody' }),
      await api.put(path(user)).send({ name: 5 }),
      await api.patch(path(user)).send({ email: other.email }),
      await api.patch(path(user)).set('If-Match', stale).send({ name: 'Stale' }),
      await api.patch(path(user)).send({ metadata: { big: 'x'.repeat(17_000) } }),
      await api.patch(path({ id: 'nobody' })).send({ name: 'Nobody' }),
      await api.delete(path(user)).set('If-Match', stale),
      await api.delete(path({ id: 'nobody' })),
    ];

    expect(refused.map(({ status }) => status)).toEqual([
      409, 409, 400, 409, 412, 404, 400, 409, 412, 400, 404, 412, 404,
    ]);
    expect(await allRows()).toEqual(before);
  });
});
