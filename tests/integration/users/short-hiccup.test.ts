import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TransientTransactionError } from '../../../src/platform/database/database-errors.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { engines } from '../../helpers/engines.ts';
import { openSequelizeStore, type SequelizeStore } from '../../helpers/profiles-store.ts';
import { findUser } from '../../helpers/read-user.ts';
import { describeWith } from '../../helpers/services.ts';
import { behindProxy, failAt } from './fault-scene.ts';

const deadlock = { error: 1213 };
const deadlocksInARow = 20;
const freezeMs = 300;
/** The first command of the transaction, one in its middle, and the last. */
const places = ['query START TRANSACTION', 'execute INSERT INTO `user_changes`', 'query COMMIT'] as const;

for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `D3: a short hiccup of ${engine.name}`, () => {
    let truth: SequelizeStore;
    beforeAll(async () => {
      truth = await openSequelizeStore(engine);
    });
    afterAll(() => truth?.close());

    it.each(places)(`of ${deadlocksInARow} deadlocks in a row at %s is not noticed`, async (place) => {
      const user = buildUser();
      await behindProxy(
        truth,
        engine,
        async ({ proxy, users, store }) => {
          const hits = failAt(proxy, (name) => name.startsWith(place), deadlock, deadlocksInARow);
          expect(await users.create(user, user.id)).toMatchObject({ created: true, user: { id: user.id, version: 1 } });
          expect(hits()).toBe(deadlocksInARow);
          const retries = Array.from({ length: deadlocksInARow }, (_, index) => ({
            type: 'transaction-retried',
            cause: 'deadlock',
            retry: index + 1,
            delayMs: expect.any(Number),
          }));
          expect(store.events).toEqual(retries);
        },
        // A busy machine takes more than the usual three seconds for twenty transactions and the pauses between them.
        { queryTimeoutMs: 10_000 },
      );
      expect(await truth.changeQueries.list({ userId: user.id, limit: 10 })).toHaveLength(1);
    });

    it('of a lost connection at BEGIN after many deadlocks is not noticed', async () => {
      await behindProxy(truth, engine, async ({ proxy, users, store }) => {
        let begun = 0;
        proxy.setFault(({ sql }) => {
          if (!sql.startsWith('START TRANSACTION')) return 'pass';
          begun += 1;
          if (begun > deadlocksInARow + 1) return 'pass';
          return begun > deadlocksInARow ? 'cut-before' : deadlock;
        });
        expect(await users.create(buildUser())).toMatchObject({ created: true });
        expect(store.events.map((event) => 'cause' in event && event.cause)).toEqual([
          ...Array.from({ length: deadlocksInARow }, () => 'deadlock'),
          'connection-lost',
        ]);
      });
    });

    it('of deadlocks that last until the deadline is told as that, not as a database that is away', async () => {
      for (let round = 0; round < 3; round++) {
        await behindProxy(
          truth,
          engine,
          async ({ proxy, users }) => {
            // Not at COMMIT: one that the deadline cuts is undecided.
            failAt(proxy, (name) => name.startsWith('execute INSERT INTO `user_changes`'), deadlock);
            await expect(users.create(buildUser())).rejects.toThrow(TransientTransactionError);
          },
          // A busy machine takes some of it to connect.
          { queryTimeoutMs: 1_500 },
        );
      }
    });

    it(`of ${freezeMs} ms without a sign of life fails none of ten parallel use cases`, async () => {
      const connections = 10;
      await behindProxy(truth, engine, async ({ proxy, users, store }) => {
        const known = await Promise.all(Array.from({ length: connections }, () => users.create(buildUser())));
        let frozen = 0;
        let done = 0;
        const frozenOnce = Promise.withResolvers<void>();
        // While the use cases are under way.
        proxy.setFault(({ sql }) => {
          if (sql.startsWith('COMMIT') && ++frozen === connections / 2) {
            proxy.freeze();
            frozenOnce.resolve();
          }
          return 'pass';
        });
        const running = known.map(async ({ user: { id } }) => {
          const user = await users.update(id, { name: 'Changed' });
          done += 1;
          return user;
        });
        await frozenOnce.promise;
        await delay(freezeMs);
        const doneBeforeThaw = done;
        proxy.thaw();
        expect(doneBeforeThaw).toBeLessThanOrEqual(connections / 2);
        for (const user of await Promise.all(running)) expect(user).toMatchObject({ name: 'Changed', version: 2 });
        for (const { user } of known) {
          expect(await findUser(truth.queries, user.id)).toMatchObject({ name: 'Changed', version: 2 });
          expect(await truth.changeQueries.list({ userId: user.id, limit: 10 })).toHaveLength(2);
        }
        expect(store.events).toEqual([]);
      });
    });
  });
}
