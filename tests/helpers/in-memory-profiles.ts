import type { UnitOfWork } from '../../src/platform/database/unit-of-work.ts';
import type { ChangeJournal, ChangeQueries, RecordedChange } from '../../src/profiles/changes/change-journal.ts';
import type { UserChange } from '../../src/profiles/changes/user-change.ts';
import { compareText, emailKey, searchKey } from '../../src/profiles/users/text-keys.ts';
import type { User } from '../../src/profiles/users/user.ts';
import { EmailTakenError, UserIdTakenError } from '../../src/profiles/users/user-errors.ts';
import type { UserProjection } from '../../src/profiles/users/user-projection.ts';
import { positionOf, type StoredUserQueries, type UserListQuery } from '../../src/profiles/users/user-queries.ts';
import type { UserRepository } from '../../src/profiles/users/user-repository.ts';
import { type UserView, viewOf } from '../../src/profiles/users/user-view.ts';
import type { UserRepositories } from './user-use-cases.ts';

/** What a transaction finds, and what it leaves. */
interface Contents {
  readonly users: Map<string, User>;
  readonly changes: RecordedChange[];
  /** What queries see. */
  readonly shown: Map<string, { readonly user: User; readonly view: UserView }>;
}

/**
 * Users in a map and their changes in an array, with transactions that run one after the other on a copy and put it in
 * place when they succeed. It passes the contract suites that the real one passes, so the services can be tested
 * against it.
 */
export function createInMemoryProfiles(): {
  unitOfWork: UnitOfWork<UserRepositories>;
  queries: StoredUserQueries;
  changeQueries: ChangeQueries;
} {
  let committed: Contents = { users: new Map(), changes: [], shown: new Map() };
  let last: Promise<unknown> = Promise.resolve();

  const unitOfWork: UnitOfWork<UserRepositories> = {
    run: async (work) => {
      const turn = last.then(async () => {
        const draft: Contents = {
          users: new Map(committed.users),
          changes: [...committed.changes],
          shown: new Map(committed.shown),
        };
        const result = await work({
          users: new InMemoryUserRepository(draft.users),
          changes: new InMemoryChangeJournal(draft.changes),
          projection: new InMemoryUserProjection(draft.shown),
        });
        committed = draft;
        return result;
      });
      last = turn.catch(() => {});
      return await turn;
    },
  };

  const queries: StoredUserQueries = {
    find: async (id) => ({ view: committed.shown.get(id)?.view ?? null, mayBeKept: true }),
    list: async (query) => list([...committed.shown.values()], query).map(({ view }) => view),
  };

  const changeQueries: ChangeQueries = {
    list: async ({ userId, limit, after = 0 }) =>
      committed.changes.filter((change) => change.userId === userId && change.seq > after).slice(0, limit),
  };

  return { unitOfWork, queries, changeQueries };
}

class InMemoryUserRepository implements UserRepository {
  readonly #users: Map<string, User>;

  constructor(users: Map<string, User>) {
    this.#users = users;
  }

  async insert(user: User): Promise<void> {
    if (this.#users.has(user.id)) throw new UserIdTakenError();
    this.#requireFreeEmail(user);
    this.#users.set(user.id, user);
  }

  async find(id: string): Promise<User | null> {
    return this.#users.get(id) ?? null;
  }

  async findForUpdate(id: string): Promise<User | null> {
    return this.#users.get(id) ?? null;
  }

  async update(user: User): Promise<void> {
    const current = this.#users.get(user.id);
    if (current?.version !== user.version - 1)
      throw new Error('A user was updated that this transaction had not locked.');
    this.#requireFreeEmail(user);
    this.#users.set(user.id, { ...user, createdAt: current.createdAt });
  }

  async remove(id: string): Promise<void> {
    if (!this.#users.delete(id)) throw new Error('A user was removed that this transaction had not locked.');
  }

  #requireFreeEmail(user: User): void {
    const key = emailKey(user.email);
    for (const other of this.#users.values()) {
      if (other.id !== user.id && emailKey(other.email) === key) throw new EmailTakenError();
    }
  }
}

class InMemoryChangeJournal implements ChangeJournal {
  readonly #changes: RecordedChange[];

  constructor(changes: RecordedChange[]) {
    this.#changes = changes;
  }

  async append(change: UserChange): Promise<number> {
    if (await this.has(change.id)) throw new Error('A change was recorded twice.');
    const seq = this.#changes.length + 1;
    this.#changes.push({ ...change, seq });
    return seq;
  }

  async has(changeId: string): Promise<boolean> {
    return this.#changes.some(({ id }) => id === changeId);
  }
}

class InMemoryUserProjection implements UserProjection {
  readonly #shown: Contents['shown'];

  constructor(shown: Contents['shown']) {
    this.#shown = shown;
  }

  async put(user: User, revision: number): Promise<UserView> {
    const view = viewOf(user, revision);
    this.#shown.set(user.id, { user, view });
    return view;
  }

  async remove(id: string): Promise<void> {
    this.#shown.delete(id);
  }
}

type Shown = ReturnType<Contents['shown']['get']> & object;

function list(shown: Shown[], { limit, sort, after, emailKey: email, prefix }: UserListQuery): Shown[] {
  const sign = sort.startsWith('-') ? -1 : 1;
  const compare = (a: { key: string; id: string }, b: { key: string; id: string }) =>
    sign * (compareText(a.key, b.key) || compareText(a.id, b.id));
  return shown
    .filter(({ user }) => email === undefined || emailKey(user.email) === email)
    .filter(
      ({ user: { name, displayName, email: address } }) =>
        prefix === undefined ||
        [name, displayName ?? '', address].some((text) => searchKey(text).startsWith(prefix) && text !== ''),
    )
    .filter(({ view }) => after === undefined || compare(positionOf(view, sort), after) > 0)
    .sort((a, b) => compare(positionOf(a.view, sort), positionOf(b.view, sort)))
    .slice(0, limit);
}
