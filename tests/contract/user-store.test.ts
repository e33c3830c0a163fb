import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emailKey, searchKey } from '../../src/profiles/users/text-keys.ts';
import type { User } from '../../src/profiles/users/user.ts';
import { EmailTakenError, UserIdTakenError } from '../../src/profiles/users/user-errors.ts';
import { positionOf, type UserSort, userSorts } from '../../src/profiles/users/user-queries.ts';
import { viewOf } from '../../src/profiles/users/user-view.ts';
import { buildUser } from '../helpers/build-user.ts';
import { engines } from '../helpers/engines.ts';
import { openInMemoryStore, openSequelizeStore, type ProfilesStore } from '../helpers/profiles-store.ts';
import { findUser } from '../helpers/read-user.ts';
import { describeWith } from '../helpers/services.ts';

describeStore('in memory', null, openInMemoryStore);
for (const engine of engines) {
  describeStore(`on ${engine.name}`, engine.missing, () => openSequelizeStore(engine));
  describeStore(`on ${engine.name}, read from the table that is written,`, engine.missing, async () => {
    const store = await openSequelizeStore(engine);
    return { ...store, queries: store.usersQueries };
  });
}

/** What every store of users promises, the in-memory one of the unit tests included. */
function describeStore(name: string, missing: string | null, open: () => Promise<ProfilesStore>): void {
  describeWith(missing, `User store ${name}`, () => {
    let store: ProfilesStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());

    const insert = (...added: User[]) =>
      store.unitOfWork.run(async ({ users, projection }) => {
        for (const user of added) {
          await users.insert(user);
          await projection.put(user, 1);
        }
      });
    const change = (user: User) =>
      store.unitOfWork.run(async ({ users, projection }) => {
        await users.findForUpdate(user.id);
        await users.update(user);
        await projection.put(user, 2);
      });
    const remove = (id: string) =>
      store.unitOfWork.run(async ({ users, projection }) => {
        await users.remove(id);
        await projection.remove(id);
      });

    describe('insert', () => {
      it('gives back every field as it was put in', async () => {
        const user = buildUser({
          name: 'Zoë 👩‍👩‍👧 e\u0301 \u0007',
          phone: null,
          displayName: null,
          metadata: { z: 1, a: [1.5, -0.25, 1e21, null, true], nested: { '': 'ü', __proto__: null } },
        });
        await insert(user);
        expect(await findUser(store.queries, user.id)).toEqual(user);
      });

      it('keeps the order of metadata keys and an own key called __proto__', async () => {
        const metadata = JSON.parse('{"z":1,"a":{"__proto__":{"admin":true}}}');
        const user = buildUser({ metadata });
        await insert(user);
        expect(JSON.stringify((await findUser(store.queries, user.id))?.metadata)).toBe(JSON.stringify(metadata));
      });

      it('keeps milliseconds', async () => {
        const user = buildUser({
          createdAt: new Date('2026-05-06T07:08:09.001Z'),
          updatedAt: new Date('2027-01-01T00:00:00.999Z'),
        });
        await insert(user);
        const found = await findUser(store.queries, user.id);
        expect(found?.createdAt.toISOString()).toBe('2026-05-06T07:08:09.001Z');
        expect(found?.updatedAt.toISOString()).toBe('2027-01-01T00:00:00.999Z');
      });

      it('takes the longest of everything', async () => {
        const user = buildUser({
          id: 'i'.repeat(64),
          name: '😀'.repeat(255),
          displayName: 'ﬃ'.repeat(255),
          email: `${'l'.repeat(64)}@${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.org`,
          phone: '+123456789012345',
          metadata: { text: 'x'.repeat(16_000) },
        });
        await insert(user);
        expect(await findUser(store.queries, user.id)).toEqual(user);
      });

      it('refuses an id that exists', async () => {
        const user = buildUser();
        await insert(user);
        await expect(insert(buildUser({ id: user.id, email: 'somebody.else@example.com' }))).rejects.toThrow(
          UserIdTakenError,
        );
      });

      it('takes ids apart that differ in case only', async () => {
        await insert(buildUser({ id: 'case-id', email: 'case-1@example.com' }));
        await insert(buildUser({ id: 'CASE-ID', email: 'case-2@example.com' }));
        expect((await findUser(store.queries, 'CASE-ID'))?.email).toBe('case-2@example.com');
      });

      it.each([
        ['case', 'mail.case@example.com', 'MAIL.Case@EXAMPLE.com'],
        ['domain in another script', 'mail.idn@bücher.example', 'mail.idn@xn--bcher-kva.example'],
        ['decomposed letters', 'jos\u00e9.nfc@example.com', 'jose\u0301.nfc@example.com'],
      ])('refuses an e-mail address that differs in %s only', async (_what, first, second) => {
        await insert(buildUser({ email: first }));
        await expect(insert(buildUser({ email: second }))).rejects.toThrow(EmailTakenError);
      });

      it.each([
        ['accents', 'jose.accent@example.com', 'josé.accent@example.com'],
        ['dots', 'do.ts@example.com', 'dots@example.com'],
        ['a plus tag', 'plus@example.com', 'plus+tag@example.com'],
        ['an emoji', '😀@example.com', '😁@example.com'],
      ])('takes e-mail addresses apart that differ in %s', async (_what, first, second) => {
        await insert(buildUser({ email: first }), buildUser({ email: second }));
      });
    });

    describe('update', () => {
      it('replaces all but id and creation time', async () => {
        const user = buildUser();
        await insert(user);
        const changed: User = {
          ...user,
          name: 'Grace',
          email: `grace.${user.id}@example.com`,
          phone: null,
          displayName: null,
          metadata: {},
          version: 2,
          updatedAt: new Date('2026-02-03T04:05:06.007Z'),
        };
        await change(changed);
        expect(await findUser(store.queries, user.id)).toEqual(changed);
      });

      it('refuses the e-mail address of another user', async () => {
        const [first, second] = [buildUser(), buildUser()];
        await insert(first, second);
        await expect(change({ ...second, email: first.email.toUpperCase(), version: 2 })).rejects.toThrow(
          EmailTakenError,
        );
        expect(await findUser(store.queries, second.id)).toEqual(second);
      });

      it('lets a user keep its own e-mail address in other case', async () => {
        const user = buildUser();
        await insert(user);
        await change({ ...user, email: user.email.toUpperCase(), version: 2 });
        expect((await findUser(store.queries, user.id))?.email).toBe(user.email.toUpperCase());
      });

      it('refuses a version that does not follow the stored one', async () => {
        const user = buildUser();
        await insert(user);
        await expect(change({ ...user, version: 3 })).rejects.toThrow('had not locked');
      });
    });

    describe('remove', () => {
      it('leaves nothing, and frees id and e-mail address', async () => {
        const user = buildUser();
        await insert(user);
        await remove(user.id);
        expect(await findUser(store.queries, user.id)).toBeNull();
        await insert(user);
        expect(await findUser(store.queries, user.id)).toEqual(user);
      });

      it('refuses what is not there', async () => {
        await expect(store.unitOfWork.run(({ users }) => users.remove('nobody'))).rejects.toThrow('had not locked');
      });
    });

    describe('findForUpdate', () => {
      it('finds nobody as null', async () => {
        expect(await store.unitOfWork.run(({ users }) => users.findForUpdate('nobody'))).toBeNull();
      });

      it('makes read-modify-write safe: 30 parallel increments add up', async () => {
        const user = buildUser({ metadata: { count: 0 } });
        await insert(user);
        const increment = () =>
          store.unitOfWork.run(async ({ users, projection }) => {
            const current = await users.findForUpdate(user.id);
            if (!current) throw new Error('The user is gone.');
            const count = Number(current.metadata['count']) + 1;
            const changed = { ...current, metadata: { count }, version: current.version + 1 };
            await users.update(changed);
            await projection.put(changed, changed.version);
          });
        await Promise.all(Array.from({ length: 30 }, increment));
        expect(await findUser(store.queries, user.id)).toMatchObject({ version: 31, metadata: { count: 30 } });
      });
    });

    describe('a unit of work', () => {
      it('that fails leaves nothing of what it wrote', async () => {
        const [first, second] = [buildUser(), buildUser()];
        const work = store.unitOfWork.run(async ({ users, projection }) => {
          await users.insert(first);
          await projection.put(first, 1);
          await users.insert(second);
          await projection.put(second, 2);
          throw new Error('changed my mind');
        });
        await expect(work).rejects.toThrow('changed my mind');
        expect(await findUser(store.queries, first.id)).toBeNull();
        expect(await findUser(store.queries, second.id)).toBeNull();
      });

      it('gives back what the work gives', async () => {
        expect(await store.unitOfWork.run(() => Promise.resolve(42))).toBe(42);
      });
    });

    describe('list', () => {
      const names = [
        'Åse',
        'adam',
        'Adam',
        'Bea',
        'bea b',
        'Élan',
        'Zoe',
        'zoe_1',
        'zoe%1',
        '😀 smile',
        '\uffee half',
        'ﬁn',
      ];
      const listed = names.map((name, index) =>
        buildUser({
          name,
          id: `list-${index}`,
          email: `List.${index}@Example.com`,
          displayName: index === 3 ? 'Zoë the Second' : null,
          // Pairs share a time, so that ties are broken by id.
          createdAt: new Date(Date.UTC(2020, 0, 1, 0, 0, 0, Math.floor(index / 2))),
        }),
      );
      beforeAll(() => insert(...listed));
      const prefix = searchKey('list.');

      const pages = async (sort: UserSort, limit: number) => {
        const ids: string[] = [];
        for (let after: ReturnType<typeof positionOf> | undefined; ; ) {
          const page = await store.queries.list({ limit, sort, prefix, ...(after === undefined ? {} : { after }) });
          ids.push(...page.map(({ id }) => id));
          const last = page.at(-1);
          if (last === undefined || page.length < limit) return ids;
          after = positionOf(last, sort);
        }
      };

      it.each(userSorts)('orders by %s, ties by id, the same on every store', async (sort) => {
        const keyed = listed.map((user) => positionOf(viewOf(user, 0), sort));
        const order = keyed.sort(
          (a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || (a.id < b.id ? -1 : 1),
        );
        if (sort.startsWith('-')) order.reverse();
        expect(await pages(sort, 100)).toEqual(order.map(({ id }) => id));
      });

      it.each(userSorts)('gives everyone once in pages of 1, 2 and 5, by %s', async (sort) => {
        const all = await pages(sort, 100);
        for (const limit of [1, 2, 5]) expect(await pages(sort, limit)).toEqual(all);
      });

      it('goes on at the right place after the user before it was removed', async () => {
        const extra = buildUser({
          id: 'list-extra',
          email: 'list.extra@example.com',
          createdAt: new Date('2020-01-01T00:00:00.002Z'),
        });
        await insert(extra);
        const firstPage = await store.queries.list({ limit: 7, sort: 'createdAt', prefix });
        const last = firstPage.at(-1);
        if (!last) throw new Error('The first page is empty.');
        expect(last.id).toBe('list-extra');
        await remove(extra.id);
        const rest = await store.queries.list({
          limit: 100,
          sort: 'createdAt',
          prefix,
          after: positionOf(last, 'createdAt'),
        });
        expect([...firstPage.slice(0, -1), ...rest].map(({ id }) => id)).toEqual(await pages('createdAt', 100));
      });

      it.each([
        ['zoe', ['list-6', 'list-7', 'list-8']],
        ['ZOE_', ['list-7']],
        ['zoe%', ['list-8']],
        ['zoë', ['list-3']],
        ['adam', ['list-1', 'list-2']],
        ['😀', ['list-9']],
        ['%', []],
        ['elan', []],
        ['ÉL', ['list-5']],
        ['list.1@', ['list-1']],
      ])('finds by the prefix %j of name, display name or e-mail', async (q, ids) => {
        const found = await store.queries.list({ limit: 100, sort: 'createdAt', prefix: searchKey(q) });
        expect(found.map(({ id }) => id).filter((id) => id.startsWith('list-'))).toEqual(ids);
      });

      it('finds by e-mail key', async () => {
        const key = emailKey('LIST.4@example.COM');
        if (key === null) throw new Error('The address has no key.');
        const found = await store.queries.list({ limit: 100, sort: 'createdAt', emailKey: key });
        expect(found.map(({ id }) => id)).toEqual(['list-4']);
      });
    });
  });
}
