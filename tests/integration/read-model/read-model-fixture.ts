import { randomUUID } from 'node:crypto';
import { QueryTypes } from 'sequelize';
import { checkReadModel } from '../../../src/profiles/read-model/build-read-model.ts';
import type { ReadModelDifference } from '../../../src/profiles/read-model/read-model-work.ts';
import type { User } from '../../../src/profiles/users/user.ts';
import type { StoredUserQueries } from '../../../src/profiles/users/user-queries.ts';
import type { SequelizeStore } from '../../helpers/profiles-store.ts';

/** All that a check of the read model finds. */
export async function differencesOf(store: SequelizeStore, batchSize = 500): Promise<readonly ReadModelDifference[]> {
  const found: ReadModelDifference[] = [];
  const run = await checkReadModel(store.readModel, {
    batchSize,
    onDifference: (difference) => found.push(difference),
  });
  if (!run.isComplete || run.differences !== found.length) throw new Error('The check has not told all it has found.');
  return found;
}

/** Writes as the version before did, which knows no read model. */
export function asTheVersionBefore(store: SequelizeStore) {
  const change = (user: User, kind: 'created' | 'updated' | 'deleted') => {
    const { id: userId, version, updatedAt: changedAt } = user;
    return { id: randomUUID(), userId, version, kind, fields: [], changedAt, requestId: 'test' };
  };
  return {
    create: (...added: readonly User[]): Promise<void> =>
      store.unitOfWork.run(async ({ users, changes }) => {
        for (const user of added) {
          await users.insert(user);
          await changes.append(change(user, 'created'));
        }
      }),
    update: (user: User): Promise<void> =>
      store.unitOfWork.run(async ({ users, changes }) => {
        await users.update(user);
        await changes.append(change(user, 'updated'));
      }),
    remove: (user: User): Promise<void> =>
      store.unitOfWork.run(async ({ users, changes }) => {
        await users.remove(user.id);
        await changes.append(change(user, 'deleted'));
      }),
  };
}

export async function execute(store: SequelizeStore, sql: string, values: readonly unknown[] = []): Promise<void> {
  await store.database.sequelize.query(sql, { replacements: [...values] });
}

export async function select<Row extends object>(store: SequelizeStore, sql: string): Promise<readonly Row[]> {
  return await store.database.sequelize.query<Row>(sql, { type: QueryTypes.SELECT });
}

/** Everybody, in the order of creation. */
export async function idsOf(queries: StoredUserQueries): Promise<readonly string[]> {
  return (await queries.list({ limit: 100_000, sort: 'createdAt' })).map(({ id }) => id);
}
