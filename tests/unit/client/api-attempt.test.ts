import { describe, expect, it } from '@jest/globals';
import { attempt } from '../../../src/client/api-attempt.ts';
import type { Attempt } from '../../../src/client/run-with-retries.ts';

const problem = (status: number, code: string) => ({
  type: `/problems/${code}`,
  title: 'A title',
  status,
  code,
  detail: 'A detail.',
  instance: '/api/users',
  requestId: 'request-1',
});

const nothing = (): void => undefined;

/** What is made of an answer with this status, body and headers. */
async function judge(status: number, error: unknown, headers: Record<string, string> = {}): Promise<Attempt<unknown>> {
  const response = new Response(null, { status, headers });
  const transport = { fetch: () => Promise.resolve(response), signal: new AbortController().signal };
  return await attempt(
    transport,
    async ({ fetch }) => {
      await fetch(new Request('http://127.0.0.1:9'));
      return response.ok ? { data: error, response } : { error, response };
    },
    ({ data }) => data,
  );
}

describe('An attempt of the client', () => {
  it.each([
    [400, 'validation-failed', false],
    [404, 'user-not-found', false],
    [408, 'request-timeout', false],
    [409, 'email-taken', false],
    [409, 'user-id-taken', false],
    [409, 'request-in-progress', true],
    [412, 'version-conflict', false],
    [422, 'idempotency-key-reused', false],
    [429, 'rate-limited', true],
    [500, 'internal-error', false],
    [503, 'database-unavailable', true],
    [503, 'outcome-unknown', true],
    [503, 'overloaded', true],
    [503, 'shutting-down', true],
  ])('that meets %d %s is worth another: %p', async (status, code, isRetriable) => {
    const outcome = await judge(status, problem(status, code));
    expect(outcome).toMatchObject({
      kind: 'failure',
      isRetriable,
      error: { name: 'ProfileProblem', code, status, requestId: 'request-1', violations: [] },
    });
  });

  it('keeps each violation and how long to wait', async () => {
    const errors = [{ pointer: '#/name', detail: 'must be there' }];
    const body = { ...problem(400, 'validation-failed'), errors };
    expect(await judge(400, body, { 'Retry-After': '2' })).toMatchObject({
      error: { message: 'A title: A detail.', violations: errors },
      retryAfterMs: 2_000,
    });
  });

  it.each([
    [404, false],
    [429, true],
    [502, true],
    [504, true],
  ])('that is answered %d by something in between is worth another: %p', async (status, isRetriable) => {
    expect(await judge(status, '<h1>Sorry</h1>')).toMatchObject({
      isRetriable,
      error: { name: 'ProfileUnreachableError', cause: '<h1>Sorry</h1>' },
    });
  });

  it('that is answered with a problem of another kind is none of the service', async () => {
    const { status: _status, ...other } = problem(400, 'validation-failed');
    expect(await judge(400, other)).toMatchObject({ isRetriable: false, error: { name: 'ProfileUnreachableError' } });
  });

  it('that is answered is a success', async () => {
    expect(await judge(200, { id: 'ada' })).toMatchObject({ kind: 'success', value: { id: 'ada' } });
  });

  it('that is told that nothing has changed is a success', async () => {
    expect(await judge(304, '')).toMatchObject({ kind: 'success' });
  });

  it('whose connection breaks is worth another', async () => {
    const cause = new TypeError('fetch failed');
    const transport = { fetch: () => Promise.reject(cause), signal: new AbortController().signal };
    const outcome = await attempt(
      transport,
      async ({ fetch }) => ({ response: await fetch(new Request('http://a')) }),
      nothing,
    );
    expect(outcome).toMatchObject({ isRetriable: true, error: { name: 'ProfileUnreachableError', cause } });
  });

  it('throws what is wrong before anything is sent', async () => {
    const mistake = new TypeError('Do not know how to serialize a BigInt');
    const transport = { fetch: () => Promise.reject(new Error('never sent')), signal: new AbortController().signal };
    await expect(attempt(transport, () => Promise.reject(mistake), nothing)).rejects.toBe(mistake);
  });
});
