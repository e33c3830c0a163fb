import { beforeEach, expect, it } from '@jest/globals';
import { MemoryCache } from '../../../src/platform/cache/memory-cache.ts';
import { ReadThroughCache } from '../../../src/platform/cache/read-through-cache.ts';
import { RecentChanges } from '../../../src/platform/cache/recent-changes.ts';
import { CachedUserQueries } from '../../../src/profiles/users/cached-user-queries.ts';
import type { StoredUser } from '../../../src/profiles/users/user-queries.ts';
import type { UserView } from '../../../src/profiles/users/user-view.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

const ada: UserView = { id: 'ada', revision: 7, version: 1, body: '{}' };

let answer: StoredUser;
let asked: number;
let queries: CachedUserQueries;
beforeEach(() => {
  asked = 0;
  const scheduler = new VirtualTime();
  const cache = new ReadThroughCache<UserView>({
    memory: new MemoryCache<UserView>({ entriesMax: 10, bytesMax: 10_000, ttlMs: 1_000, sizeOf: () => 1, scheduler }),
    recent: new RecentChanges(scheduler),
    tail: { isFollowing: true, skippedTo: 0, subscribe: () => () => {} },
    shared: null,
  });
  const stored = {
    find: async () => {
      asked += 1;
      return answer;
    },
    list: async () => [ada],
  };
  queries = new CachedUserQueries(stored, cache);
});

it('A user is found in the database once, and then in the cache', async () => {
  answer = { view: ada, mayBeKept: true };
  expect(await queries.find('ada')).toEqual({ view: ada, cache: 'miss', databaseMs: expect.any(Number) });
  expect(await queries.find('ada')).toEqual({ view: ada, cache: 'hit' });
  expect(asked).toBe(1);
});

it('That there is no such user is remembered, too', async () => {
  answer = { view: null, mayBeKept: true };
  await queries.find('nobody');
  expect(await queries.find('nobody')).toEqual({ view: null, cache: 'hit' });
});

it('A view whose revision is not known is not kept', async () => {
  answer = { view: { ...ada, revision: 0 }, mayBeKept: false };
  for (let time = 1; time <= 2; time++) expect(await queries.find('ada')).toMatchObject({ cache: 'bypass' });
  expect(asked).toBe(2);
});

it('Lists are not cached', async () => {
  expect(await queries.list({ limit: 1, sort: 'name' })).toEqual([ada]);
});
