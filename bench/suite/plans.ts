import { encodeCursor } from '../../src/profiles/users/user-cursor.ts';
import { viewOf } from '../../src/profiles/users/user-view.ts';
import type { RequestPlan, Sample } from '../load/load-order.ts';
import { benchUser } from '../users/bench-users.ts';
import type { Contender } from './comparison.ts';

type Asked = Pick<Contender, 'plan' | 'expectedStatus' | 'cache' | 'check'>;

/** Users that are asked for again and again: they fit into any cache. */
export const hotUsers = 1_000;
const pageSize = 20;

const get = (path: string, numbers: RequestPlan['numbers'], headers = {}): RequestPlan => ({
  method: 'GET',
  path,
  headers,
  numbers,
});

const hot = { kind: 'hot', count: hotUsers } as const;

export const readHit: Asked = {
  plan: get('/api/users/{n}', hot),
  expectedStatus: 200,
  cache: 'hit',
  check: profileProblem,
};

export const notModified: Asked = {
  plan: get('/api/users/{n}', hot, { 'If-None-Match': '"1"' }),
  expectedStatus: 304,
  cache: 'hit',
};

/** Every user before any a second time: with room for fewer in the cache, none is found there. */
export function readMiss(users: number): Asked {
  return {
    plan: get('/api/users/{n}', { kind: 'each', count: users }),
    expectedStatus: 200,
    cache: 'miss',
    check: profileProblem,
  };
}

/**
 * @param page 1 is the first; from the last on it is the one before it, since the last has no link to a next one, and
 *   would be compared with pages that have
 */
export function listPage(users: number, page: number): Asked {
  const before = Math.min((page - 1) * pageSize, users - 2 * pageSize) - 1;
  const { id, createdAt } = benchUser(before);
  const cursor = encodeCursor({ key: createdAt.toISOString(), id }, 'createdAt');
  return {
    plan: get(before < 0 ? '/api/users' : `/api/users?cursor=${cursor}`, hot),
    expectedStatus: 200,
    check: ({ body }) => {
      const first = benchUser(before + 1).id;
      return body.startsWith(`{"data":[{"id":"${first}"`) ? null : `the page does not begin with ${first}`;
    },
  };
}

export function enriched(status: 'available' | 'unavailable'): Asked {
  return {
    plan: get('/api/users/{n}/enriched', hot),
    expectedStatus: 200,
    check: ({ body }) =>
      body.includes(`"enrichedDataStatus":"${status}"`) ? null : `the enrichment is not ${status}: ${body}`,
  };
}

export const create: Asked = {
  plan: {
    method: 'POST',
    path: '/api/users',
    headers: {},
    body: JSON.stringify({
      name: 'Ada Lovelace',
      email: 'ada.lovelace.{n}@example.com',
      phone: '+49301234567',
      displayName: 'Ada L.',
      metadata: { city: 'Berlin', language: 'de', newsletter: true, tags: ['bench', 'ada'] },
    }),
    numbers: { kind: 'new' },
  },
  expectedStatus: 201,
  check: ({ body }) => (body.includes('"version":1') ? null : `what was created is ${body}`),
};

export function update(users: number): Asked {
  return {
    plan: {
      method: 'PUT',
      path: '/api/users/{n}',
      headers: {},
      body: JSON.stringify({ name: 'Ada King, {n}', displayName: 'Countess of Lovelace' }),
      numbers: { kind: 'each', count: users },
    },
    expectedStatus: 200,
    check: ({ body }) => (body.includes('"name":"Ada King, ') ? null : `what was updated is ${body}`),
  };
}

/** The whole body, unless the user has been changed since. */
function profileProblem({ body }: Sample): string | null {
  const { email, version }: { email: string; version: number } = JSON.parse(body);
  const n = Number(/\.(\d+)@/.exec(email)?.[1]);
  if (version > 1) return null;
  return body === viewOf(benchUser(n), 0).body ? null : `the profile is ${body}`;
}
