import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/platform/clock.ts';
import {
  DatabaseUnavailableError,
  OutcomeUnknownError,
  TransientTransactionError,
} from '../../../src/platform/database/database-errors.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import type { User } from '../../../src/profiles/users/user.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { engines } from '../../helpers/engines.ts';
import type { Fault } from '../../helpers/mysql-fault-proxy.ts';
import { openSequelizeStore, type SequelizeStore } from '../../helpers/profiles-store.ts';
import { findUser, userOf } from '../../helpers/read-user.ts';
import { describeWith } from '../../helpers/services.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';
import { behindProxy, failAt, isOfSession, nameOf, type Scene } from './fault-scene.ts';

interface UseCase {
  readonly name: string;
  /** @returns the user as it is afterwards */
  run(users: UserUseCases, user: User): Promise<User | null>;
  /** What it makes of the user, apart from the version; null when it is gone. */
  expected(user: User): Partial<User> | null;
  /** The changes that the journal has of the user afterwards; all but the last are those of another use case before. */
  readonly kinds: readonly ('created' | 'updated' | 'deleted')[];
}

const useCases: readonly UseCase[] = [
  {
    name: 'create',
    run: async (users, user) => {
      const { created, ...result } = await users.create(user, user.id);
      expect(created).toBe(true);
      return result.user;
    },
    expected: ({ id, email }) => ({ id, email }),
    kinds: ['created'],
  },
  {
    name: 'update',
    run: (users, { id }) => users.update(id, { name: 'Changed' }),
    expected: ({ id }) => ({ id, name: 'Changed' }),
    kinds: ['created', 'updated'],
  },
  {
    name: 'patch',
    run: (users, { id }) => users.patch(id, { metadata: { changed: true } }),
    expected: ({ id, metadata }) => ({ id, metadata: { ...metadata, changed: true } }),
    kinds: ['created', 'updated'],
  },
  {
    name: 'delete',
    run: async (users, { id }) => {
      await users.remove(id);
      return null;
    },
    expected: () => null,
    kinds: ['created', 'deleted'],
  },
];

const conflicts: readonly (readonly [cause: 'deadlock' | 'lock-wait', fault: Fault])[] = [
  ['deadlock', { error: 1213 }],
  ['lock-wait', { error: 1205 }],
];
const cuts = ['cut-before', 'cut-after'] as const;

const isCommit = (command: string): boolean => command.startsWith('query COMMIT');

for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `Use cases on ${engine.name} while the database fails`, () => {
    /** Past the proxies. It owns the database. */
    let truth: SequelizeStore;
    beforeAll(async () => {
      truth = await openSequelizeStore(engine);
    });
    afterAll(() => truth?.close());

    /** A user as the use case expects to find it: there is none yet for the one that creates it. */
    async function arrange({ kinds }: UseCase): Promise<User> {
      const user = buildUser();
      if (kinds.length > 1) await new UserUseCases(truth.unitOfWork, truth.queries, systemClock).create(user, user.id);
      return user;
    }

    const stateOf = async ({ id }: User) => {
      const changes = await truth.changeQueries.list({ userId: id, limit: 10 });
      return {
        user: await findUser(truth.usersQueries, id),
        changes: changes.map(({ kind, version }) => [kind, version]),
        seq: changes.at(-1)?.seq,
        shown: (await truth.queries.find(id)).view,
      };
    };

    /** Holds the tables against what the use case was to do: all of it, and once. */
    async function expectDone({ expected, kinds }: UseCase, user: User): Promise<User | null> {
      const state = await stateOf(user);
      const content = expected(user);
      const version = kinds.length;
      if (content === null) expect(state.user).toBeNull();
      else expect(state.user).toMatchObject({ ...content, version });
      expect(state.changes).toEqual(kinds.map((kind, index) => [kind, index + 1]));
      expect(state.shown === null ? null : userOf(state.shown)).toEqual(state.user);
      if (state.shown !== null) expect(state.shown.revision).toBe(state.seq);
      return state.user;
    }

    /** The commands of the use case's transaction, on a new connection, which has yet to prepare its statements. */
    async function commandsOf(useCase: UseCase): Promise<readonly string[]> {
      const user = await arrange(useCase);
      const commands: string[] = [];
      await behindProxy(truth, engine, async ({ proxy, users }) => {
        proxy.setFault((command) => {
          if (!isOfSession(command)) commands.push(nameOf(command));
          return 'pass';
        });
        await useCase.run(users, user);
      });
      // No name twice: a fault shall hit what it is meant for.
      expect(commands[0]).toMatch(/^query START TRANSACTION/);
      expect(commands.findIndex(isCommit)).toBe(commands.length - 1);
      expect(commands.filter((name) => name.startsWith('execute')).length).toBeGreaterThanOrEqual(1);
      expect(new Set(commands).size).toBe(commands.length);
      return commands;
    }

    describe.each(useCases)('W5: $name, with a fault at each command of its transaction in turn', (useCase) => {
      it('succeeds by retry, once, when the fault passes', async () => {
        const check = async (command: string, fault: Fault, events: readonly object[]): Promise<void> => {
          const user = await arrange(useCase);
          await behindProxy(truth, engine, async ({ proxy, users, store }) => {
            const hits = failAt(proxy, (name) => name === command, fault, 1);
            const result = await useCase.run(users, user);
            expect({ command, fault, hits: hits(), events: withoutDelays(store.events) }).toEqual({
              command,
              fault,
              hits: 1,
              events,
            });
            expect(await expectDone(useCase, user)).toEqual(result);
          });
        };
        for (const command of await commandsOf(useCase)) {
          for (const [cause, fault] of conflicts) {
            await check(command, fault, [{ type: 'transaction-retried', cause, retry: 1 }]);
          }
          for (const cut of cuts) {
            const retried = { type: 'transaction-retried', cause: 'connection-lost', retry: 1 };
            const committed = cut === 'cut-after';
            const resolved = [{ type: 'commit-undecided' }, retried, { type: 'commit-resolved', committed }];
            await check(command, cut, isCommit(command) ? resolved : [retried]);
          }
        }
      }, 60_000);

      it('is refused, and leaves all as it was, when the conflicts do not end', async () => {
        const check = async (command: string, [cause, fault]: (typeof conflicts)[number]): Promise<void> => {
          const user = await arrange(useCase);
          const before = await stateOf(user);
          const endless = async ({ proxy, users, store }: Scene): Promise<void> => {
            const hits = failAt(proxy, (name) => name === command, fault);
            await expect(useCase.run(users, user)).rejects.toThrow(TransientTransactionError);
            expect(hits()).toBe(store.events.length + 1);
            expect(hits()).toBeGreaterThan(1);
            for (const event of store.events) expect(event).toMatchObject({ type: 'transaction-retried', cause });
          };
          // The attempts end before the deadline, which could cut the last one before it comes to the command.
          await behindProxy(truth, engine, endless, { queryTimeoutMs: 30_000 });
          expect(await stateOf(user)).toEqual(before);
        };
        // Most of the time they wait before the next try.
        const commands = await commandsOf(useCase);
        await Promise.all(commands.flatMap((command) => conflicts.map((conflict) => check(command, conflict))));
      }, 60_000);

      it('is refused, and leaves all as it was, when every connection breaks', async () => {
        for (const command of (await commandsOf(useCase)).filter((name) => !isCommit(name))) {
          for (const cut of cuts) {
            const user = await arrange(useCase);
            const before = await stateOf(user);
            await behindProxy(truth, engine, async ({ proxy, users, store }) => {
              const hits = failAt(proxy, (name) => name === command, cut);
              await expect(useCase.run(users, user)).rejects.toThrow(DatabaseUnavailableError);
              expect(hits()).toBe(4);
              const retries = [1, 2, 3].map((retry) => ({
                type: 'transaction-retried',
                cause: 'connection-lost',
                retry,
              }));
              expect(withoutDelays(store.events)).toEqual(retries);
            });
            expect(await stateOf(user)).toEqual(before);
          }
        }
      }, 60_000);

      it('is done or not done, and says that it does not know, when every COMMIT breaks its connection', async () => {
        const check = async (cut: (typeof cuts)[number]): Promise<void> => {
          const user = await arrange(useCase);
          const before = await stateOf(user);
          await behindProxy(truth, engine, async ({ proxy, users, store }) => {
            const hits = failAt(proxy, isCommit, cut);
            await expect(useCase.run(users, user)).rejects.toThrow(OutcomeUnknownError);
            expect(hits()).toBeGreaterThan(1);
            expect(store.events.filter(({ type }) => type === 'commit-undecided')).toHaveLength(1);
            expect(store.events.filter(({ type }) => type === 'commit-resolved')).toEqual([]);
          });
          if (cut === 'cut-after') await expectDone(useCase, user);
          else expect(await stateOf(user)).toEqual(before);
        };
        await Promise.all(cuts.map(check));
      });
    });
  });
}

function withoutDelays(events: readonly DatabaseEvent[]): object[] {
  return events.map((event) => {
    if (event.type !== 'transaction-retried') return event;
    const { delayMs: _delayMs, ...rest } = event;
    return rest;
  });
}
