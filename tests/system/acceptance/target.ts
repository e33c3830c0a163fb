import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { HttpAnswer, HttpClient } from './http-client.ts';

/** A running service with its provider: how it got there is somebody else's business. */
export interface Target {
  readonly api: HttpClient;
  readonly provider: HttpClient;
}

/** A user as the contract answers it. */
export interface UserBody {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly displayName: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const userMembers = ['id', 'name', 'email', 'phone', 'displayName', 'metadata', 'version', 'createdAt', 'updatedAt'];
const problemMembers = ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'];

/** A body for `POST /api/users` that no other test has sent. */
export function newUser(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'Ada Lovelace', email: `ada.${randomUUID()}@example.com`, ...overrides };
}

/** Creates a user of this test's own. */
export async function createUser(api: HttpClient, overrides: Record<string, unknown> = {}): Promise<UserBody> {
  return userIn(await api.send('POST', '/api/users', { json: newUser(overrides) }), 201);
}

/** The user that an answer holds, with exactly the members and the entity tag of the contract. */
export function userIn(answer: HttpAnswer, status: 200 | 201): UserBody {
  // The text is here to be seen when the status is another one.
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text: expect.any(String) });
  const user = answer.json as UserBody;
  expect(Object.keys(user)).toEqual(userMembers);
  expect(answer.headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/json\b/),
    etag: `"${user.version}"`,
    'x-request-id': expect.stringMatching(/^[\w.~:/+=@-]{1,128}$/),
  });
  return user;
}

/**
 * Holds an answer against everything that the contract says about errors.
 *
 * @param pointers what `errors` points at, and nothing else; when absent, there must be no `errors`
 */
export function expectProblem(answer: HttpAnswer, status: number, code: string, pointers?: readonly string[]): void {
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text: expect.stringContaining(code) });
  const body = answer.json as Record<string, unknown>;
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(Object.keys(body).sort()).toEqual([...problemMembers, ...(pointers === undefined ? [] : ['errors'])].sort());
  expect(body).toMatchObject({
    type: `/problems/${code}`,
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
    instance: expect.stringMatching(/^\/[^?#]*$/),
    code,
    requestId: answer.headers['x-request-id'],
  });
  if (pointers === undefined) return;
  const errors = body['errors'] as { pointer: string; detail: string }[];
  // A field may break several rules at once.
  expect(new Set(errors.map(({ pointer }) => pointer))).toEqual(new Set(pointers));
  for (const error of errors) {
    expect(error).toEqual({ pointer: expect.stringMatching(/^#/), detail: expect.stringMatching(/./) });
  }
}

/** How often each value occurs, for answers of which only the numbers are certain. */
export function tally(values: readonly (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
