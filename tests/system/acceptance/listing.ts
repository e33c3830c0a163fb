import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { HttpAnswer } from './http-client.ts';
import { createUser, expectProblem, type Target, type UserBody } from './target.ts';

interface Page {
  readonly data: readonly UserBody[];
  readonly nextCursor: string | null;
}

export function describeListing({ api }: Target): void {
  /** Users whose names share a prefix that nobody else has, numbered from 0. */
  async function createUsers(count: number): Promise<{ prefix: string; users: UserBody[] }> {
    const prefix = `list-${randomUUID()}-`;
    const users: UserBody[] = [];
    for (let number = 0; number < count; number++) users.push(await createNumbered(prefix, number));
    return { prefix, users };
  }

  const createNumbered = (prefix: string, number: number): Promise<UserBody> =>
    createUser(api, { name: `${prefix}${String(number).padStart(3, '0')}` });

  const list = (query: Record<string, string>): Promise<HttpAnswer> =>
    api.send('GET', `/api/users?${new URLSearchParams(query).toString()}`);

  async function page(query: Record<string, string>): Promise<Page> {
    return pageIn(await list(query));
  }

  const ids = (users: readonly UserBody[]): string[] => users.map(({ id }) => id);

  describe('GET /api/users', () => {
    it('answers twenty users at a time, with a link to the next', async () => {
      const { prefix, users } = await createUsers(21);

      const first = await list({ q: prefix });
      const { data, nextCursor } = pageIn(first);
      expect(data).toEqual(users.slice(0, 20));
      expect(nextCursor).toEqual(expect.any(String));

      const next = /^<(?<target>\/api\/users\?[^>]+)>; rel="next"$/.exec(String(first.headers.link))?.groups?.[
        'target'
      ];
      const second = await api.send('GET', String(next));
      expect(pageIn(second)).toEqual({ data: users.slice(20), nextCursor: null });
      expect(second.headers.link).toBeUndefined();
    });

    it.each(['createdAt', '-createdAt', 'name', '-name'])('sorts by %s over all pages', async (sort) => {
      const { prefix, users } = await createUsers(7);
      const expected = sort.startsWith('-') ? users.toReversed() : users;

      const found: UserBody[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const answer: Page = await page({ q: prefix, sort, limit: '3', ...(cursor === '' ? {} : { cursor }) });
        found.push(...answer.data);
        cursor = answer.nextCursor;
      }
      expect(ids(found)).toEqual(ids(expected));
    });

    it.each([
      'createdAt',
      '-createdAt',
      'name',
      '-name',
    ])('shows each user once to a walk by %s, while others come and go', async (sort) => {
      const { prefix, users } = await createUsers(12);
      const expected = sort.startsWith('-') ? users.toReversed() : users;
      const [gone, stay] = [expected.slice(9, 11), [...expected.slice(0, 9), ...expected.slice(11)]];

      const found: UserBody[] = [];
      let answer = await page({ q: prefix, sort, limit: '4' });
      found.push(...answer.data);
      // One behind every page that was read and one ahead of it; two that were not read yet go, and one that was.
      await createNumbered(prefix, -1);
      await createNumbered(prefix, 999);
      for (const { id } of [...gone, ...expected.slice(1, 2)]) await api.send('DELETE', `/api/users/${id}`);
      while (answer.nextCursor !== null) {
        answer = await page({ q: prefix, sort, limit: '4', cursor: answer.nextCursor });
        found.push(...answer.data);
      }

      expect(ids(found).filter((id) => ids(users).includes(id))).toEqual(ids(stay));
      expect(new Set(ids(found)).size).toBe(found.length);
    });

    it('finds a user by its e-mail address, however it is written', async () => {
      const unique = randomUUID();
      const user = await createUser(api, { email: `Ada+${unique}@Bücher.example` });
      const found = await page({ email: `aDA+${unique.toUpperCase()}@XN--bcher-kva.example` });
      expect(found).toEqual({ data: [user], nextCursor: null });
      expect(await page({ email: `nobody.${unique}@example.com` })).toEqual({ data: [], nextCursor: null });
    });

    it.each([
      ['name', (text: string) => ({ name: `${text} Lovelace` })],
      ['display name', (text: string) => ({ displayName: `${text} Lovelace` })],
      ['e-mail address', (text: string) => ({ email: `${text}@example.com` })],
    ])('finds users by the beginning of their %s, whatever the case', async (_field, fields) => {
      const unique = `Ünïque-${randomUUID()}`;
      const user = await createUser(api, fields(unique));
      await createUser(api, fields(`x${unique}`));
      expect(await page({ q: unique.toUpperCase() })).toEqual({ data: [user], nextCursor: null });
    });

    it('takes % and _ in a search for ordinary characters', async () => {
      const unique = randomUUID();
      const percent = await createUser(api, { name: `100%_${unique}` });
      await createUser(api, { name: `100xy${unique}` });
      expect(ids((await page({ q: `100%_${unique}` })).data)).toEqual([percent.id]);
      expect((await page({ q: `%${unique}` })).data).toEqual([]);
    });

    it.each([
      ['limit', '0'],
      ['limit', '101'],
      ['limit', '1e1'],
      ['limit', '5.0'],
      ['limit', '+5'],
      ['limit', ''],
      ['sort', 'email'],
      ['cursor', 'not-one-of-ours'],
      ['page', '2'],
      ['__proto__', 'x'],
    ])('refuses %s=%s', async (name, value) => {
      expectProblem(await list({ [name]: value }), 400, 'validation-failed', [`#/query/${name}`]);
    });

    it('refuses a cursor of another order', async () => {
      const { prefix } = await createUsers(2);
      const { nextCursor } = await page({ q: prefix, limit: '1', sort: 'name' });
      const answer = await list({ q: prefix, limit: '1', sort: '-name', cursor: String(nextCursor) });
      expectProblem(answer, 400, 'validation-failed', ['#/query/cursor']);
    });
  });
}

function pageIn(answer: HttpAnswer): Page {
  expect(answer.status).toBe(200);
  const page = answer.json as Page;
  expect(Object.keys(page)).toEqual(['data', 'nextCursor']);
  return page;
}
