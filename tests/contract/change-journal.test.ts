import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UserChange } from '../../src/profiles/changes/user-change.ts';
import { engines } from '../helpers/engines.ts';
import { openInMemoryStore, openSequelizeStore, type ProfilesStore } from '../helpers/profiles-store.ts';
import { describeWith } from '../helpers/services.ts';

describeJournal('in memory', null, openInMemoryStore);
for (const engine of engines) describeJournal(`on ${engine.name}`, engine.missing, () => openSequelizeStore(engine));

function buildChange(overrides: Partial<UserChange> = {}): UserChange {
  return {
    id: randomUUID(),
    userId: randomUUID(),
    version: 1,
    kind: 'updated',
    fields: ['name', 'metadata'],
    changedAt: new Date('2026-01-02T03:04:05.678Z'),
    requestId: randomUUID(),
    ...overrides,
  };
}

/** What every journal of changes promises, the in-memory one of the unit tests included. */
function describeJournal(name: string, missing: string | null, open: () => Promise<ProfilesStore>): void {
  describeWith(missing, `Change journal ${name}`, () => {
    let store: ProfilesStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());

    const append = (...changes: UserChange[]) =>
      store.unitOfWork.run(async (repositories) => {
        for (const change of changes) await repositories.changes.append(change);
      });
    const has = (id: string) => store.unitOfWork.run(({ changes }) => changes.has(id));
    const list = (userId: string) => store.changeQueries.list({ userId, limit: 100 });

    describe('append', () => {
      it.each<[what: string, overrides: Partial<UserChange>]>([
        ['a creation', { kind: 'created', fields: ['name', 'email', 'phone', 'displayName', 'metadata'] }],
        ['a deletion, which names no field', { kind: 'deleted', fields: [], version: 7 }],
        ['the longest ids', { userId: 'u'.repeat(64), requestId: '~'.repeat(128) }],
        ['milliseconds', { changedAt: new Date('2027-01-01T00:00:00.999Z') }],
      ])('gives back %s as it was put in', async (_what, overrides) => {
        const change = buildChange(overrides);
        await append(change);
        expect(await list(change.userId)).toEqual([{ ...change, seq: expect.any(Number) }]);
      });

      it('gives the number that the change is listed with, and a greater one to the next', async () => {
        const [first, second] = [buildChange(), buildChange()];
        const seqs = await store.unitOfWork.run(async ({ changes }) => [
          await changes.append(first),
          await changes.append(second),
        ]);
        const listed = [...(await list(first.userId)), ...(await list(second.userId))];
        expect(listed.map(({ seq }) => seq)).toEqual(seqs);
        expect(seqs[1]).toBeGreaterThan(seqs[0] ?? Number.NaN);
      });

      it('refuses an id that is recorded', async () => {
        const change = buildChange();
        await append(change);
        await expect(append(buildChange({ id: change.id }))).rejects.toThrow();
        expect(await list(change.userId)).toHaveLength(1);
      });

      it('leaves nothing when its transaction fails', async () => {
        const change = buildChange();
        const work = store.unitOfWork.run(async ({ changes }) => {
          await changes.append(change);
          throw new Error('changed my mind');
        });
        await expect(work).rejects.toThrow('changed my mind');
        expect(await list(change.userId)).toEqual([]);
        expect(await has(change.id)).toBe(false);
      });
    });

    describe('has', () => {
      it('knows what is recorded, and in the same transaction, too', async () => {
        const change = buildChange();
        const inside = await store.unitOfWork.run(async ({ changes }) => {
          const before = await changes.has(change.id);
          await changes.append(change);
          return [before, await changes.has(change.id)];
        });
        expect(inside).toEqual([false, true]);
        expect(await has(change.id)).toBe(true);
        expect(await has(randomUUID())).toBe(false);
      });

      it.each([
        ['true when that commits', true],
        ['false when that rolls back', false],
      ])('asked about an undecided transaction is %s', async (_outcome, commits) => {
        const change = buildChange();
        const appended = Promise.withResolvers<void>();
        const decided = Promise.withResolvers<void>();
        const undecided = store.unitOfWork.run(async ({ changes }) => {
          await changes.append(change);
          appended.resolve();
          await decided.promise;
          if (!commits) throw new Error('changed my mind');
        });
        await appended.promise;
        let answered = false;
        const answer = has(change.id).finally(() => (answered = true));
        // Two round trips to the store: an answer that did not wait would be there.
        await list(change.userId);
        await list(change.userId);
        const answeredEarly = answered;

        decided.resolve();
        const [outcome] = await Promise.allSettled([undecided]);
        expect(outcome.status).toBe(commits ? 'fulfilled' : 'rejected');
        expect([await answer, answeredEarly]).toEqual([commits, false]);
      });
    });

    describe('list', () => {
      it('gives the changes of one user, in the order in which they were recorded', async () => {
        const userId = `Case-${randomUUID()}`;
        const mine = [1, 2, 3].map((version) => buildChange({ userId, version }));
        for (const change of mine) await append(change, buildChange({ userId: userId.toUpperCase() }), buildChange());

        const listed = await list(userId);

        expect(listed.map(({ id }) => id)).toEqual(mine.map(({ id }) => id));
        const numbers = listed.map(({ seq }) => seq);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      });

      it('orders by number, not by time: clocks differ and jump', async () => {
        const userId = randomUUID();
        const years = ['2027', '2025', '2026'];
        await append(
          ...years.map((year) => buildChange({ userId, changedAt: new Date(`${year}-01-01T00:00:00.000Z`) })),
        );
        const listed = await list(userId);
        expect(listed.map(({ changedAt }) => changedAt.toISOString().slice(0, 4))).toEqual(years);
      });

      it.each([1, 2, 5, 100])('gives every change once in pages of %d', async (limit) => {
        const userId = randomUUID();
        const ids = Array.from({ length: 5 }, () => randomUUID());
        await append(...ids.map((id) => buildChange({ id, userId })));

        const paged: string[] = [];
        for (let after: number | undefined; ; ) {
          const page = await store.changeQueries.list({ userId, limit, ...(after === undefined ? {} : { after }) });
          expect(page.length).toBeLessThanOrEqual(limit);
          const last = page.at(-1);
          if (last === undefined) break;
          paged.push(...page.map(({ id }) => id));
          after = last.seq;
        }
        expect(paged).toEqual(ids);
      });

      it('knows nothing of somebody unknown', async () => {
        expect(await list('nobody')).toEqual([]);
      });
    });
  });
}
