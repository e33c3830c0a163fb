import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { type ConformingAgent, conformingAgent } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

/** A request that writes. */
interface WriteRequest {
  readonly method: 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly body?: string | object;
  readonly ifMatch?: string;
}

describeOnEachEngine('An Idempotency-Key', (engine) => {
  let profiles: RunningProfiles;
  let api: ConformingAgent;
  beforeAll(async () => {
    profiles = await startProfiles(engine);
    api = conformingAgent(profiles.url);
  });
  afterAll(() => profiles?.stop());

  const send = async (key: string, { method, path, body, ifMatch }: WriteRequest): Promise<Response> => {
    const request = api[method](path).set('Idempotency-Key', key);
    if (ifMatch !== undefined) void request.set('If-Match', ifMatch);
    return await (body === undefined ? request : request.type('application/json').send(body));
  };
  const post = (body: string | object): WriteRequest => ({ method: 'post', path: '/api/users', body });
  const create = async (
    overrides: Record<string, unknown> = {},
  ): Promise<{ id: string; path: string; email: string }> => {
    const { body } = await api.post('/api/users').send(buildUserBody(overrides)).expect(201);
    return { id: body.id, email: body.email, path: `/api/users/${body.id}` };
  };

  /** What a replay has to repeat byte for byte. */
  const wire = ({ status, text, headers }: Response) => ({
    status,
    text,
    ...Object.fromEntries(
      ['etag', 'location', 'content-type', 'cache-control', 'content-length', 'retry-after'].map((name) => [
        name,
        headers[name],
      ]),
    ),
  });
  const isReplay = ({ headers }: Response): boolean => headers['idempotency-replayed'] === 'true';
  /** Sends a request that is carried out, and so is known not to have been before. */
  const carriedOut = async (key: string, request: WriteRequest, status: number, code?: string): Promise<Response> => {
    const response = await send(key, request);
    expect({ status: response.status, code: response.body.code, replayed: isReplay(response) }).toEqual({
      status,
      code,
      replayed: false,
    });
    return response;
  };
  const expectReplay = async (key: string, request: WriteRequest, first: Response): Promise<void> => {
    const again = await send(key, request);
    expect({ ...wire(again), replayed: isReplay(again) }).toEqual({ ...wire(first), replayed: true });
  };
  const expectReused = async (key: string, request: WriteRequest): Promise<void> => {
    await carriedOut(key, request, 422, 'idempotency-key-reused');
  };

  describe('that was used for the same request', () => {
    it('replays a POST, a PUT, a PATCH and a DELETE byte for byte', async () => {
      const key = randomUUID();
      const creation = post(buildUserBody({ metadata: { emoji: '😀', list: [1, 1.5, null] } }));
      const created = await carriedOut(key, creation, 201);
      expect(created.headers).toMatchObject({ etag: '"1"', 'cache-control': 'private, no-cache' });
      await expectReplay(key, creation, created);

      const path = String(created.headers['location']);
      const steps: readonly [WriteRequest, number][] = [
        [{ method: 'put', path, body: { name: 'Ada II' }, ifMatch: '"1"' }, 200],
        [{ method: 'patch', path, body: { metadata: { emoji: null } } }, 200],
        [{ method: 'delete', path, ifMatch: '"3"' }, 204],
      ];
      for (const [request, status] of steps) {
        const first = await carriedOut(key, request, status);
        await expectReplay(key, request, first);
        await expectReplay(key, request, first);
      }
      // The user is gone, and has been what it was.
      await expectReplay(key, creation, created);
      expect((await api.get(path)).status).toBe(404);
      expect((await api.get(`${path}/changes`)).body.data).toHaveLength(4);
    });

    it('replays the 200 to a create under an id that was there', async () => {
      const request = post(buildUserBody({ id: randomUUID() }));
      await carriedOut(randomUUID(), request, 201);
      const key = randomUUID();
      await expectReplay(key, request, await carriedOut(key, request, 200));
    });

    it.each([
      ['bare, then quoted', 'a-key', '"a-key"'],
      ['quoted, then bare', '"b;key=1"', 'b;key=1'],
      ['quoted with escapes, then bare', String.raw`"c\"k\\ey"`, String.raw`c"k\ey`],
      ['of 255 characters', 'd'.repeat(255), 'd'.repeat(255)],
      ['of 255 characters, quoted', `"${'e'.repeat(255)}"`, 'e'.repeat(255)],
    ])('is the same key %s', async (_how, first, second) => {
      const request = post(buildUserBody());
      await expectReplay(second, request, await carriedOut(first, request, 201));
    });

    it('takes other spacing, escapes and another order of members for the same request', async () => {
      const key = randomUUID();
      const email = `ada.${randomUUID()}@example.com`;
      const first = await carriedOut(
        key,
        post(`{"name":"Ada","email":"${email}","metadata":{"a":1,"b":{"c":2,"d":3}}}`),
        201,
      );
      const reordered = `{ "metadata": {"b":{"d":3, "c":2.0}, "a":1},\n "email":"${email}", "name":"\\u0041da" }`;
      await expectReplay(key, post(reordered), first);
    });
  });

  describe('that was used for another request', () => {
    it('refuses another body, changes nothing, and still replays the first', async () => {
      const key = randomUUID();
      const request = post(buildUserBody({ name: 'First' }));
      const first = await carriedOut(key, request, 201);
      const other = buildUserBody({ name: 'Second' });
      await expectReused(key, post(other));
      expect((await api.get('/api/users').query({ email: other['email'] })).body.data).toEqual([]);
      await expectReplay(key, request, first);
    });

    it('refuses another id in the path', async () => {
      const [one, two] = [await create(), await create()];
      for (const method of ['put', 'patch', 'delete'] as const) {
        const key = randomUUID();
        const body = method === 'delete' ? {} : { body: { name: 'Same' } };
        await carriedOut(key, { method, path: two.path, ...body }, method === 'delete' ? 204 : 200);
        await expectReused(key, { method, path: one.path, ...body });
      }
      expect((await api.get(one.path)).body.version).toBe(1);
    });

    it('refuses another If-Match, or none', async () => {
      const { path } = await create();
      const request: WriteRequest = { method: 'patch', path, body: { name: 'Same' }, ifMatch: '"1"' };
      const key = randomUUID();
      const first = await carriedOut(key, request, 200);
      await expectReused(key, { ...request, ifMatch: '"2"' });
      await expectReused(key, { method: 'patch', path, body: { name: 'Same' } });
      await expectReplay(key, request, first);
    });

    it('is another key under another method or route', async () => {
      const key = randomUUID();
      const { path } = await create();
      const body = { name: 'Ada', email: `ada.${randomUUID()}@example.com` };
      await carriedOut(key, post(body), 201);
      await carriedOut(key, { method: 'put', path, body: { name: 'Ada' } }, 200);
      await carriedOut(key, { method: 'patch', path, body: { name: 'Ada' } }, 200);
      await carriedOut(key, { method: 'delete', path }, 204);
    });
  });

  describe('of a request that was refused', () => {
    it('replays 409 email-taken when the address is free again', async () => {
      const holder = await create();
      const key = randomUUID();
      const request = post(buildUserBody({ email: holder.email }));
      const first = await carriedOut(key, request, 409, 'email-taken');
      await api.delete(holder.path).expect(204);
      await expectReplay(key, request, first);
      expect((await api.get('/api/users').query({ email: holder.email })).body.data).toEqual([]);
    });

    it('replays 404 when the user is there', async () => {
      const id = randomUUID();
      for (const method of ['put', 'patch', 'delete'] as const) {
        const body = method === 'delete' ? {} : { body: { name: 'Late' } };
        const request: WriteRequest = { method, path: `/api/users/${id}-${method}`, ...body };
        const key = randomUUID();
        const first = await carriedOut(key, request, 404, 'user-not-found');
        await create({ id: `${id}-${method}` });
        await expectReplay(key, request, first);
        expect((await api.get(request.path)).body.version).toBe(1);
      }
    });

    it('replays 412 when the version is the right one', async () => {
      const { path } = await create();
      const key = randomUUID();
      const request: WriteRequest = { method: 'put', path, body: { name: 'Ada II' }, ifMatch: '"2"' };
      const first = await carriedOut(key, request, 412, 'version-conflict');
      await api.patch(path).send({ displayName: 'Second' }).expect(200);
      await expectReplay(key, request, first);
      expect((await api.get(path)).body.version).toBe(2);
    });

    it('is free again after 400, of the request itself or of the use case', async () => {
      const key = randomUUID();
      const body = buildUserBody();
      await carriedOut(key, post({ ...body, name: '' }), 400, 'validation-failed');
      const { headers } = await carriedOut(key, post(body), 201);

      const path = String(headers['location']);
      const half = { metadata: { half: 'x'.repeat(10_000) } };
      await api.patch(path).send(half).expect(200);
      const patch = (metadata: object): WriteRequest => ({ method: 'patch', path, body: { metadata } });
      await carriedOut(key, patch({ other: 'x'.repeat(10_000) }), 400, 'validation-failed');
      await carriedOut(key, patch({ other: 'x' }), 200);
    });
  });
});
