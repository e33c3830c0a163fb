import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { type ConformingAgent, conformingAgent } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

describeOnEachEngine('The users API', (engine) => {
  let profiles: RunningProfiles;
  let api: ConformingAgent;
  beforeAll(async () => {
    profiles = await startProfiles(engine);
    api = conformingAgent(profiles.url);
  });
  afterAll(() => profiles?.stop());

  const create = async (overrides: Record<string, unknown> = {}) => {
    const response = await api.post('/api/users').send(buildUserBody(overrides));
    expect(response.status).toBe(201);
    return response.body;
  };
  const path = (user: { id: string }) => `/api/users/${user.id}`;

  describe('POST /api/users', () => {
    it('creates a user and says where it is', async () => {
      const body = buildUserBody({
        phone: '+44 (0)20 7946 0958',
        displayName: ' Countess ',
        metadata: { plan: 'pro' },
        name: ' Ada ',
      });
      const response = await api.post('/api/users').send(body);
      expect(response.status).toBe(201);
      expect(response.body).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'Ada',
        email: body['email'],
        phone: '+442079460958',
        displayName: 'Countess',
        metadata: { plan: 'pro' },
        version: 1,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updatedAt: response.body.createdAt,
      });
      expect(response.headers).toMatchObject({ location: path(response.body), etag: '"1"' });
      expect((await api.get(response.headers['location'] ?? '')).body).toEqual(response.body);
    });

    it('answers absent optionals as null and {}', async () => {
      expect(await create()).toMatchObject({ phone: null, displayName: null, metadata: {} });
    });

    it('under an id of the client makes it once, however often it is sent', async () => {
      const body = buildUserBody({ id: `my.id~${randomUUID()}` });
      const first = await api.post('/api/users').send(body);
      const second = await api.post('/api/users').send(body);
      expect([first.status, second.status]).toEqual([201, 200]);
      expect(second.text).toBe(first.text);
      expect(second.headers).toMatchObject({ location: first.headers['location'], etag: first.headers['etag'] });
    });

    it('under an id that has other content is refused', async () => {
      const user = await create({ id: randomUUID() });
      const response = await api.post('/api/users').send(buildUserBody({ id: user.id }));
      expect(response.status).toBe(409);
      expect(response.body.code).toBe('user-id-taken');
    });

    it('with an e-mail address that differs in case only is refused', async () => {
      const user = await create();
      const response = await api.post('/api/users').send(buildUserBody({ email: user.email.toUpperCase() }));
      expect(response.status).toBe(409);
      expect(response.body.code).toBe('email-taken');
      expect(response.text.toLowerCase()).not.toContain(user.email);
    });

    it('W2: 100 at once with one e-mail address give one 201 and 99 × 409', async () => {
      const email = `race.${randomUUID()}@example.com`;
      const responses = await Promise.all(
        Array.from({ length: 100 }, () => api.post('/api/users').send(buildUserBody({ email }))),
      );
      const statuses = responses.map(({ status }) => status).sort((a, b) => a - b);
      expect(statuses).toEqual([201, ...Array.from({ length: 99 }, () => 409)]);
      expect((await api.get('/api/users').query({ email })).body.data).toHaveLength(1);
    });

    it('W1: 50 at once under one id give one 201 and 49 × 200', async () => {
      const body = buildUserBody({ id: randomUUID() });
      const responses = await Promise.all(Array.from({ length: 50 }, () => api.post('/api/users').send(body)));
      expect(responses.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        ...Array.from({ length: 49 }, () => 200),
        201,
      ]);
    });
  });

  describe('GET /api/users/{id}', () => {
    it('answers 304 to a client that has the current version', async () => {
      const user = await create();
      for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
        const response = await api.get(path(user)).set('If-None-Match', tag);
        expect(response.status).toBe(304);
        expect(response.headers['etag']).toBe('"1"');
        expect(response.text).toBe('');
      }
      expect((await api.get(path(user)).set('If-None-Match', '"2"')).status).toBe(200);
    });

    it('knows nobody under an unknown id', async () => {
      const response = await api.get('/api/users/nobody');
      expect(response.status).toBe(404);
      expect(response.body).toMatchObject({ code: 'user-not-found', instance: '/api/users/nobody' });
    });

    it('answers HEAD like GET, without the body', async () => {
      const user = await create();
      const response = await api.head(path(user));
      expect(response.status).toBe(200);
      expect(response.headers['etag']).toBe('"1"');
    });
  });

  describe('PUT /api/users/{id}', () => {
    it('changes the fields it is given and adds a version', async () => {
      const user = await create({ phone: '+4930123456', displayName: 'A' });
      const response = await api.put(path(user)).send({ name: 'Augusta', displayName: null });
      expect(response.status).toBe(200);
      expect(response.headers['etag']).toBe('"2"');
      expect(response.body).toEqual({
        ...user,
        name: 'Augusta',
        displayName: null,
        version: 2,
        updatedAt: response.body.updatedAt,
      });
      expect((await api.get(path(user))).body).toEqual(response.body);
    });

    it('replaces metadata as a whole', async () => {
      const user = await create({ metadata: { a: 1 } });
      expect((await api.put(path(user)).send({ metadata: { b: 2 } })).body.metadata).toEqual({ b: 2 });
    });

    it('with a stale If-Match is refused, and changes nothing', async () => {
      const user = await create();
      const response = await api.put(path(user)).set('If-Match', '"7"').send({ name: 'X' });
      expect(response.status).toBe(412);
      expect(response.body.code).toBe('version-conflict');
      expect((await api.get(path(user))).body).toEqual(user);
    });

    it('to an unknown user is refused, whatever If-Match says', async () => {
      expect((await api.put('/api/users/nobody').send({ name: 'X' })).status).toBe(404);
      expect((await api.put('/api/users/nobody').set('If-Match', '"1"').send({ name: 'X' })).status).toBe(404);
    });

    it('W2: 50 at once to one e-mail address give one 200 and 49 × 409', async () => {
      const users = await Promise.all(Array.from({ length: 50 }, () => create()));
      const email = `target.${randomUUID()}@example.com`;
      const responses = await Promise.all(users.map((user) => api.put(path(user)).send({ email })));
      expect(responses.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        200,
        ...Array.from({ length: 49 }, () => 409),
      ]);
    });
  });

  describe('PATCH /api/users/{id}', () => {
    it.each(['application/merge-patch+json', 'application/json'])('merges a patch sent as %s', async (type) => {
      const user = await create({ phone: '+4930123456', metadata: { a: { b: 1, c: 2 }, d: [1] } });
      const response = await api
        .patch(path(user))
        .type(type)
        .send(JSON.stringify({ phone: null, metadata: { a: { b: null }, d: [2], e: 3 } }));
      expect(response.status).toBe(200);
      expect(response.body).toMatchObject({ phone: null, metadata: { a: { c: 2 }, d: [2], e: 3 }, version: 2 });
    });

    it('that makes the metadata too large is refused', async () => {
      const user = await create({ metadata: { a: 'x'.repeat(10_000) } });
      const response = await api.patch(path(user)).send({ metadata: { b: 'x'.repeat(10_000) } });
      expect(response.status).toBe(400);
      expect(response.body.errors).toEqual([{ pointer: '#/metadata', detail: expect.stringContaining('16384 bytes') }]);
    });

    it('W7: 50 at once with one If-Match give one 200 and 49 × 412', async () => {
      const user = await create();
      const responses = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          api
            .patch(path(user))
            .set('If-Match', '"1"')
            .send({ name: `N${index}` }),
        ),
      );
      expect(responses.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        200,
        ...Array.from({ length: 49 }, () => 412),
      ]);
      expect((await api.get(path(user))).body.version).toBe(2);
    });
  });

  describe('DELETE /api/users/{id}', () => {
    it('answers 204, then 404, and frees the e-mail address', async () => {
      const user = await create();
      expect((await api.delete(path(user))).status).toBe(204);
      expect((await api.delete(path(user))).status).toBe(404);
      expect((await api.get(path(user))).status).toBe(404);
      await create({ email: user.email });
    });

    it('with a stale If-Match is refused, with the current one carried out', async () => {
      const user = await create();
      expect((await api.delete(path(user)).set('If-Match', '"2"')).status).toBe(412);
      expect((await api.delete(path(user)).set('If-Match', '"1"')).status).toBe(204);
    });

    it('W8: 50 at once give one 204 and 49 × 404', async () => {
      const user = await create();
      const responses = await Promise.all(Array.from({ length: 50 }, () => api.delete(path(user))));
      expect(responses.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        204,
        ...Array.from({ length: 49 }, () => 404),
      ]);
    });
  });

  describe('GET /api/users', () => {
    /** Follows `Link` to the end. */
    const walk = async (first: string, onPage: (page: number) => Promise<void> = () => Promise.resolve()) => {
      const ids: string[] = [];
      let page = 0;
      for (let next: string | undefined = first; next !== undefined; page++) {
        const response = await api.get(next);
        expect(response.status).toBe(200);
        ids.push(...response.body.data.map(({ id }: { id: string }) => id));
        next = /^<([^>]+)>; rel="next"$/.exec(response.headers['link'] ?? '')?.[1];
        expect(response.body.nextCursor === null).toBe(next === undefined);
        await onPage(page);
      }
      return ids;
    };

    it('walks through everybody once, in pages, while others come and go', async () => {
      const prefix = `walk-${randomUUID().slice(0, 8)}`;
      const users = await Promise.all(
        Array.from({ length: 23 }, (_, index) => create({ name: `${prefix} ${index % 5}` })),
      );
      for (const sort of ['createdAt', '-createdAt', 'name', '-name']) {
        const passing: { id: string }[] = [];
        const ids = await walk(`/api/users?limit=5&sort=${sort}&q=${prefix}`, async () => {
          for (const user of passing.splice(0)) await api.delete(path(user));
          passing.push(await create({ name: `${prefix} 2` }));
        });
        const ours = ids.filter((id) => users.some((user) => user.id === id));
        expect(new Set(ours).size).toBe(ours.length);
        expect(ours).toHaveLength(23);
        for (const user of passing) await api.delete(path(user));
      }
    });

    it('answers 20 at most unless told otherwise, and the full user', async () => {
      const response = await api.get('/api/users');
      expect(response.body.data.length).toBeLessThanOrEqual(20);
      const user = await create();
      expect((await api.get('/api/users').query({ email: user.email.toUpperCase() })).body).toEqual({
        data: [user],
        nextCursor: null,
      });
    });

    it('finds by prefix, with % and _ as ordinary characters', async () => {
      const tag = randomUUID().slice(0, 8);
      const user = await create({ displayName: `${tag}%_É` });
      const find = async (q: string) =>
        (await api.get('/api/users').query({ q })).body.data.map(({ id }: { id: string }) => id);
      expect(await find(`${tag.toUpperCase()}%_é`)).toEqual([user.id]);
      expect(await find(`${tag}_`)).toEqual([]);
      expect(await find(`${tag}%%`)).toEqual([]);
    });

    it.each([
      ['limit=0', 'limit'],
      ['limit=101', 'limit'],
      ['limit=1e1', 'limit'],
      ['limit=+5', 'limit'],
      ['limit=', 'limit'],
      ['sort=email', 'sort'],
      ['cursor=nonsense', 'cursor'],
      ['colour=red', 'colour'],
      ['limit=1&limit=2', 'limit'],
      ['q=', 'q'],
      ['q=%00', 'q'],
    ])('refuses ?%s', async (query, parameter) => {
      const response = await api.get(`/api/users?${query}`);
      expect(response.status).toBe(400);
      expect(response.body.errors[0].pointer).toBe(`#/query/${parameter}`);
    });

    it('refuses a cursor of another order', async () => {
      await create();
      await create();
      const { nextCursor } = (await api.get('/api/users?limit=1')).body;
      expect((await api.get(`/api/users?limit=1&sort=name&cursor=${nextCursor}`)).status).toBe(400);
    });
  });

  it('stays sound under everything that clients sent: no error was logged', () => {
    expect(profiles.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
