import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createUser, expectProblem, newUser, type Target, userIn } from './target.ts';

const uuidV7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function describeUsers({ api }: Target): void {
  describe('POST /api/users', () => {
    it('creates a user and says where it is', async () => {
      const body = newUser({ name: '  Grace Hopper ' });
      const answer = await api.send('POST', '/api/users', { json: body });
      const user = userIn(answer, 201);

      expect(user).toEqual({
        id: expect.stringMatching(uuidV7),
        name: 'Grace Hopper',
        email: body['email'],
        phone: null,
        displayName: null,
        metadata: {},
        version: 1,
        createdAt: expect.stringMatching(timestamp),
        updatedAt: user.createdAt,
      });
      expect(answer.headers.location).toBe(`/api/users/${user.id}`);
      expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
    });

    it('keeps every field, and answers the phone number in E.164', async () => {
      const metadata = { plan: 'pro', seats: 3, tags: ['a', null, true], nested: { deeper: { deepest: 1.5 } } };
      const user = await createUser(api, { displayName: 'Amazing Grace', phone: '0049 (0)30 123-4567', metadata });

      const stored = userIn(await api.send('GET', `/api/users/${user.id}`), 200);
      expect(stored).toMatchObject({ displayName: 'Amazing Grace', phone: '+49301234567', metadata });
    });

    it('takes the id that the client chose, and answers the same create again with the stored user', async () => {
      const body = newUser({ id: `a.b_c~d-${randomUUID()}`.padEnd(64, 'Z') });
      const created = await api.send('POST', '/api/users', { json: body });
      const repeated = await api.send('POST', '/api/users', { json: body });

      const user = userIn(created, 201);
      expect(user.id).toBe(body['id']);
      expect(userIn(repeated, 200)).toEqual(user);
      expect(repeated.headers.location).toBe(created.headers.location);
    });

    it('refuses an id that belongs to a user with other content', async () => {
      const { id } = await createUser(api);
      expectProblem(await api.send('POST', '/api/users', { json: newUser({ id }) }), 409, 'user-id-taken');
    });

    it.each([
      [
        'in other letters',
        (unique: string) => [`ada.${unique}@example.com`, `ADA.${unique.toUpperCase()}@Example.COM`],
      ],
      [
        'in the other form of its domain',
        (unique: string) => [`${unique}@bücher.example`, `${unique}@xn--bcher-kva.example`],
      ],
    ])('refuses an e-mail address that is taken %s', async (_name, addresses) => {
      const [taken, again] = addresses(randomUUID());
      await createUser(api, { email: taken });
      expectProblem(await api.send('POST', '/api/users', { json: newUser({ email: again }) }), 409, 'email-taken');
    });

    it('takes an e-mail address that differs from another in a dot or a plus sign', async () => {
      const unique = randomUUID();
      for (const email of [`a.b${unique}@example.com`, `ab${unique}@example.com`, `ab${unique}+c@example.com`]) {
        expect(await createUser(api, { email })).toMatchObject({ email });
      }
    });
  });

  describe('GET /api/users/{id}', () => {
    it.each(['"1"', 'W/"1"', '*', '"7", "1"'])('answers 304 without a body to If-None-Match: %s', async (tag) => {
      const { id } = await createUser(api);
      const answer = await api.send('GET', `/api/users/${id}`, { headers: { 'if-none-match': tag } });
      expect(answer).toMatchObject({ status: 304, text: '', headers: { etag: '"1"' } });
    });

    it('answers the user when it has changed since', async () => {
      const { id } = await createUser(api);
      await api.send('PATCH', `/api/users/${id}`, { json: { name: 'Changed' } });
      const answer = await api.send('GET', `/api/users/${id}`, { headers: { 'if-none-match': '"1"' } });
      expect(userIn(answer, 200)).toMatchObject({ name: 'Changed', version: 2 });
    });

    it('answers HEAD with the same headers and no body', async () => {
      const { id } = await createUser(api);
      const get = await api.send('GET', `/api/users/${id}`);
      const head = await api.send('HEAD', `/api/users/${id}`);
      expect(head).toMatchObject({ status: 200, text: '' });
      for (const name of ['etag', 'content-type', 'content-length']) expect(head.headers[name]).toBe(get.headers[name]);
    });

    it('says that there is no such user', async () => {
      expectProblem(await api.send('GET', `/api/users/${randomUUID()}`), 404, 'user-not-found');
    });
  });
}
