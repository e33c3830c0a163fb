import type { Exchange } from '../../helpers/openapi-conformance.ts';

/** A user as the API answers it. */
export const user = {
  id: 'ada-lovelace',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  phone: null,
  displayName: null,
  metadata: {},
  version: 1,
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:05.678Z',
};
export const requestId = '019b8d7d-f23b-75d6-bcc6-cf5cf7559be0';
export const json = { 'content-type': 'application/json; charset=utf-8', 'x-request-id': requestId };
export const validators = { etag: '"1"', 'cache-control': 'private, no-cache' };

/** A conforming read, apart from what the test is about. */
export function reading(overrides: Partial<Exchange> = {}): Exchange {
  return {
    method: 'GET',
    path: '/api/users/ada-lovelace',
    status: 200,
    headers: { ...json, ...validators },
    body: JSON.stringify(user),
    ...overrides,
  };
}

/** A conforming create. */
export function creating(overrides: Partial<Exchange> = {}): Exchange {
  return reading({
    method: 'POST',
    path: '/api/users',
    requestBody: { name: 'Ada Lovelace', email: 'ada@example.com' },
    status: 201,
    headers: { ...json, ...validators, location: '/api/users/ada-lovelace' },
    ...overrides,
  });
}

/** A conforming change. */
export function patching(overrides: Partial<Exchange> = {}): Exchange {
  return reading({ method: 'PATCH', requestBody: { phone: null }, requestType: 'application/json', ...overrides });
}

/** A conforming error. */
export function failing(code: string, status: number, overrides: Partial<Exchange> = {}): Exchange {
  const problem = { type: `/problems/${code}`, title: 'T', status, code, detail: 'D', instance: '/', requestId };
  return reading({
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', 'x-request-id': requestId },
    body: JSON.stringify(problem),
    ...overrides,
  });
}

/** The headers of `exchange` and others; undefined takes one away. */
export function withHeaders(exchange: Exchange, headers: Record<string, string | undefined>): Exchange {
  const entries = Object.entries({ ...exchange.headers, ...headers }).filter(([, value]) => value !== undefined);
  return { ...exchange, headers: Object.fromEntries(entries) };
}

/** `exchange` with other members in its JSON body. */
export function withBody(exchange: Exchange, members: Record<string, unknown>): Exchange {
  return { ...exchange, body: JSON.stringify({ ...JSON.parse(exchange.body), ...members }) };
}
