import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { HttpAnswer } from './http-client.ts';
import { createUser, newUser, tally, type Target, userIn } from './target.ts';

export function describeConcurrency({ api }: Target): void {
  const atOnce = (count: number, send: (number: number) => Promise<HttpAnswer>): Promise<HttpAnswer[]> =>
    Promise.all(Array.from({ length: count }, (_, number) => send(number)));

  /** What came back, by status, with the code where it is a problem. */
  const outcomes = (answers: readonly HttpAnswer[]): Record<string, number> =>
    tally(
      answers.map(({ status, json }) => {
        const code = typeof json === 'object' && json !== null && 'code' in json ? ` ${String(json.code)}` : '';
        return `${status}${code}`;
      }),
    );

  async function usersWithEmail(email: string): Promise<readonly unknown[]> {
    const answer = await api.send('GET', `/api/users?email=${encodeURIComponent(email)}`);
    return (answer.json as { data: unknown[] }).data;
  }

  describe('Requests that compete', () => {
    it('create one user out of 50 identical creates under one id (W1)', async () => {
      const body = newUser({ id: randomUUID() });
      const answers = await atOnce(50, () => api.send('POST', '/api/users', { json: body }));

      expect(outcomes(answers)).toEqual({ 201: 1, 200: 49 });
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(await usersWithEmail(String(body['email']))).toHaveLength(1);
    });

    it('give an e-mail address to one of 100 creates (W2)', async () => {
      const email = `wanted.${randomUUID()}@example.com`;
      const answers = await atOnce(100, (number) =>
        api.send('POST', '/api/users', { json: newUser({ name: `User ${number}`, email }) }),
      );

      expect(outcomes(answers)).toEqual({ 201: 1, '409 email-taken': 99 });
      expect(await usersWithEmail(email)).toHaveLength(1);
    });

    it('give an e-mail address to one of 50 users who change to it (W2)', async () => {
      const users = await Promise.all(Array.from({ length: 50 }, () => createUser(api)));
      const email = `wanted.${randomUUID()}@example.com`;
      const answers = await atOnce(50, (number) =>
        api.send('PUT', `/api/users/${users[number]?.id}`, { json: { email } }),
      );

      expect(outcomes(answers)).toEqual({ 200: 1, '409 email-taken': 49 });
      expect(await usersWithEmail(email)).toHaveLength(1);
    });

    it('change a user once when 50 patches are based on the same version (W7)', async () => {
      const { id } = await createUser(api);
      const answers = await atOnce(50, (number) =>
        api.send('PATCH', `/api/users/${id}`, { json: { name: `Name ${number}` }, headers: { 'if-match': '"1"' } }),
      );

      expect(outcomes(answers)).toEqual({ 200: 1, '412 version-conflict': 49 });
      const winner = answers.find(({ status }) => status === 200);
      expect((await api.send('GET', `/api/users/${id}`)).text).toBe(winner?.text);
    });

    it('lose no change when 50 patches write different members without a precondition', async () => {
      const { id } = await createUser(api);
      const answers = await atOnce(50, (number) =>
        api.send('PATCH', `/api/users/${id}`, { json: { metadata: { [`key${number}`]: number } } }),
      );

      expect(outcomes(answers)).toEqual({ 200: 50 });
      const user = userIn(await api.send('GET', `/api/users/${id}`), 200);
      expect(user.version).toBe(51);
      expect(Object.keys(user.metadata)).toHaveLength(50);
    });

    it('delete a user once out of 50 deletes (W8)', async () => {
      const { id } = await createUser(api);
      const answers = await atOnce(50, () => api.send('DELETE', `/api/users/${id}`));
      expect(outcomes(answers)).toEqual({ 204: 1, '404 user-not-found': 49 });
    });
  });
}
