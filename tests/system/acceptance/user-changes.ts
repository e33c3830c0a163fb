import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { HttpMethod, HttpRequestOptions } from './http-client.ts';
import { createUser, expectProblem, type Target, userIn } from './target.ts';

export function describeUserChanges({ api }: Target): void {
  describe('PUT /api/users/{id}', () => {
    it('changes the fields it is given, leaves the others, and adds one to the version', async () => {
      const before = await createUser(api, { phone: '+14155552671', metadata: { plan: 'free' } });
      const after = userIn(await api.send('PUT', `/api/users/${before.id}`, { json: { name: 'Ada King' } }), 200);

      expect(after).toEqual({ ...before, name: 'Ada King', version: 2, updatedAt: after.updatedAt });
      expect(after.updatedAt >= before.updatedAt).toBe(true);
      expect(userIn(await api.send('GET', `/api/users/${before.id}`), 200)).toEqual(after);
    });

    it('replaces the metadata as a whole', async () => {
      const { id } = await createUser(api, { metadata: { a: 1, b: 2 } });
      const answer = await api.send('PUT', `/api/users/${id}`, { json: { metadata: { b: 3 } } });
      expect(userIn(answer, 200).metadata).toEqual({ b: 3 });
    });

    it('adds one to the version even when nothing differs', async () => {
      const { id, name } = await createUser(api);
      expect(userIn(await api.send('PUT', `/api/users/${id}`, { json: { name } }), 200).version).toBe(2);
    });

    it("refuses another user's e-mail address, and lets a user re-write its own", async () => {
      const other = await createUser(api);
      const user = await createUser(api);
      expectProblem(
        await api.send('PUT', `/api/users/${user.id}`, { json: { email: other.email } }),
        409,
        'email-taken',
      );

      const email = user.email.toUpperCase();
      expect(userIn(await api.send('PUT', `/api/users/${user.id}`, { json: { email } }), 200)).toMatchObject({ email });
    });

    it('wants at least one field', async () => {
      const { id } = await createUser(api);
      expectProblem(await api.send('PUT', `/api/users/${id}`, { json: {} }), 400, 'validation-failed', ['#']);
    });
  });

  describe('PATCH /api/users/{id}', () => {
    it.each(['application/merge-patch+json', 'application/json'])('merges a patch that comes as %s', async (type) => {
      const before = await createUser(api, {
        phone: '+14155552671',
        displayName: 'Ada',
        metadata: { keep: 1, drop: 2, nested: { keep: true, drop: true } },
      });
      const json = { phone: null, metadata: { drop: null, nested: { drop: null, added: [1] } } };
      const answer = await api.send('PATCH', `/api/users/${before.id}`, { json, headers: { 'content-type': type } });

      const after = userIn(answer, 200);
      const metadata = { keep: 1, nested: { keep: true, added: [1] } };
      expect(after).toEqual({ ...before, phone: null, metadata, version: 2, updatedAt: after.updatedAt });
    });

    it('empties the metadata with null', async () => {
      const { id } = await createUser(api, { metadata: { a: 1 } });
      expect(userIn(await api.send('PATCH', `/api/users/${id}`, { json: { metadata: null } }), 200).metadata).toEqual(
        {},
      );
    });

    it('cannot clear what a user must have', async () => {
      const { id } = await createUser(api);
      const answer = await api.send('PATCH', `/api/users/${id}`, { json: { name: null, email: null } });
      expectProblem(answer, 400, 'validation-failed', ['#/name', '#/email']);
    });
  });

  describe('DELETE /api/users/{id}', () => {
    it('removes the user, after which nothing finds it and its e-mail address is free', async () => {
      const { id, email } = await createUser(api);
      expect(await api.send('DELETE', `/api/users/${id}`)).toMatchObject({ status: 204, text: '' });

      for (const [method, options] of [
        ['GET', {}],
        ['PUT', { json: { name: 'x' } }],
        ['PATCH', { json: { name: 'x' } }],
        ['DELETE', {}],
      ] as const) {
        expectProblem(await api.send(method, `/api/users/${id}`, options), 404, 'user-not-found');
      }
      await createUser(api, { email });
    });
  });

  describe('If-Match', () => {
    const changes: [HttpMethod, HttpRequestOptions, number][] = [
      ['PUT', { json: { name: 'x' } }, 200],
      ['PATCH', { json: { name: 'x' } }, 200],
      ['DELETE', {}, 204],
    ];

    it.each(changes)('%s is refused with a stale entity tag, and changes nothing', async (method, options) => {
      const { id } = await createUser(api);
      const current = userIn(await api.send('PATCH', `/api/users/${id}`, { json: { name: 'Second' } }), 200);
      for (const tag of ['"1"', 'W/"2"', '"3"']) {
        const answer = await api.send(method, `/api/users/${id}`, { ...options, headers: { 'if-match': tag } });
        expectProblem(answer, 412, 'version-conflict');
      }
      expect(userIn(await api.send('GET', `/api/users/${id}`), 200)).toEqual(current);
    });

    it.each(changes)('%s is accepted with the current entity tag', async (method, options, status) => {
      for (const tag of ['"1"', '*', '"9", "1"']) {
        const { id } = await createUser(api);
        const answer = await api.send(method, `/api/users/${id}`, { ...options, headers: { 'if-match': tag } });
        expect(answer.status).toBe(status);
      }
    });

    it.each(changes)('%s of a user that is not there is 404', async (method, options) => {
      const answer = await api.send(method, `/api/users/${randomUUID()}`, {
        ...options,
        headers: { 'if-match': '"1"' },
      });
      expectProblem(answer, 404, 'user-not-found');
    });
  });
}
