import { describe, expect, it } from '@jest/globals';
import { createProfileClient, type ProfileClient } from '../../../src/client/index.ts';

const baseUrl = 'http://127.0.0.1:9';
const user = {
  id: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  phone: null,
  displayName: null,
  metadata: {},
  version: 1,
  createdAt: '2026-01-05T10:00:00.000Z',
  updatedAt: '2026-01-05T10:00:00.000Z',
};
const ada = Response.json(user);
const gone = new Response(null, { status: 204 });

/** A client that meets these answers, one after the other, and what it has sent. */
function clientThatMeets(...answers: readonly Response[]): { client: ProfileClient; sent: Request[] } {
  const sent: Request[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    sent.push(request);
    const answer = answers[sent.length - 1];
    if (answer === undefined) throw new TypeError('There is no more to come.');
    return await Promise.resolve(answer.clone());
  };
  return { client: createProfileClient({ baseUrl, fetch, retriesMax: answers.length - 1 }), sent };
}

const notTheService: readonly (readonly [string, Response])[] = [
  ['null', Response.json(null)],
  ['a list', Response.json([])],
  ['something else', Response.json({ status: 'ok' })],
  ['a page of HTML', new Response('<h1>Sign in</h1>')],
  ['nothing', new Response('')],
  ['304 without having been asked', new Response(null, { status: 304 })],
];

describe('A client', () => {
  describe.each(notTheService)('that is answered with %s', (_what, answer) => {
    it.each<[string, (client: ProfileClient) => Promise<unknown>]>([
      ['create', async (client) => await client.create(user)],
      ['get', async (client) => await client.get('ada')],
      ['getEnriched', async (client) => await client.getEnriched('ada')],
      ['list', async (client) => await client.list().next()],
      ['update', async (client) => await client.update('ada', { name: 'Ada' })],
      ['patch', async (client) => await client.patch('ada', { name: 'Ada' })],
      ['remove', async (client) => await client.remove('ada')],
      ['changes', async (client) => await client.changes('ada').next()],
    ])('makes no success of it: %s', async (_call, send) => {
      const { client, sent } = clientThatMeets(answer);
      await expect(send(client)).rejects.toMatchObject({ name: 'ProfileUnreachableError' });
      expect(sent).toHaveLength(1);
    });

    it('asks once more', async () => {
      expect(await clientThatMeets(answer, ada).client.get('ada')).toEqual({ kind: 'found', etag: '"1"', user });
      const { client, sent } = clientThatMeets(answer, gone);
      await client.remove('ada');
      expect(sent.map(({ method }) => method)).toEqual(['DELETE', 'DELETE']);
    });
  });

  it.each<[string, (client: ProfileClient, body: { name: string; email: string }) => Promise<unknown>]>([
    ['create', async (client, body) => await client.create(body)],
    ['update', async (client, body) => await client.update('ada', body)],
    ['patch', async (client, body) => await client.patch('ada', body)],
  ])('sends the same each time, though its caller changes the object meanwhile: %s', async (_call, send) => {
    const { client, sent } = clientThatMeets(new Response(null, { status: 503 }), ada);
    const body = { name: 'Ada', email: 'ada@example.com' };
    const sending = send(client, body);
    Object.assign(body, { name: 'Grace', email: 'grace@example.com' });
    await sending;
    expect(await Promise.all(sent.map((request) => request.json()))).toEqual([
      { name: 'Ada', email: 'ada@example.com' },
      { name: 'Ada', email: 'ada@example.com' },
    ]);
    expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
  });

  it('takes no list for the user that it creates, when something in between makes a GET of the POST', async () => {
    const { client } = clientThatMeets(Response.json({ data: [user], nextCursor: null }));
    await expect(client.create(user)).rejects.toMatchObject({ name: 'ProfileUnreachableError' });
  });

  it('does not take a body for what a delete is answered with', async () => {
    await expect(clientThatMeets(ada).client.remove('ada')).rejects.toMatchObject({ name: 'ProfileUnreachableError' });
  });

  it.each([
    ['', '/api/users/a%2Fb%3Fc'],
    ['/profiles', '/profiles/api/users/a%2Fb%3Fc'],
    ['/profiles/', '/profiles/api/users/a%2Fb%3Fc'],
  ])('of an API at "%s" asks for %s', async (path, expected) => {
    const asked: string[] = [];
    const fetch = async (request: Request): Promise<Response> => {
      asked.push(new URL(request.url).pathname);
      return await Promise.resolve(ada.clone());
    };
    await createProfileClient({ baseUrl: `${baseUrl}${path}`, fetch }).get('a/b?c');
    expect(asked).toEqual([expected]);
  });

  it.each([
    'profiles',
    'ftp://profiles',
    'http://ada:secret@profiles',
    'http://profiles/?a=b',
    'http://profiles/#a',
  ])('of %s is refused', (address) => {
    expect(() => createProfileClient({ baseUrl: address })).toThrow(expect.objectContaining({ name: 'TypeError' }));
  });

  it.each([
    { deadlineMs: 0 },
    { deadlineMs: -1 },
    { deadlineMs: Number.NaN },
    { retriesMax: -1 },
    { retriesMax: Number.NaN },
  ])('with %p is refused', (limits) => {
    expect(() => createProfileClient({ baseUrl, ...limits })).toThrow(expect.objectContaining({ name: 'RangeError' }));
  });

  it.each([30 * 86_400_000, Number.POSITIVE_INFINITY])('with a deadline of %d ms waits', async (deadlineMs) => {
    const fetch = async ({ signal }: Request): Promise<Response> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      signal.throwIfAborted();
      return ada.clone();
    };
    const client = createProfileClient({ baseUrl, fetch, deadlineMs, retriesMax: Number.POSITIVE_INFINITY });
    expect(await client.get('ada')).toMatchObject({ user: { id: 'ada' } });
  });
});
