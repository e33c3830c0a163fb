import { v7 as uuidv7 } from 'uuid';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { ProfilesWrite } from '../users/profiles-repositories.ts';
import { EmailTakenError, UserIdTakenError } from '../users/user-errors.ts';
import type { UserService } from '../users/user-service.ts';
import { type SeedUser, seedUser } from './seed-user.ts';

/** What one transaction writes to. */
export type SeedRepositories = Pick<ProfilesWrite, 'users' | 'changes' | 'projection'>;

export interface SeedCounts {
  readonly created: number;
  /** Were there, as they would have been created. */
  readonly existing: number;
  /** Were there and have been changed since, or somebody else has their e-mail address: they are left as they are. */
  readonly different: number;
}

export interface SeedOptions {
  readonly users: Pick<UserService, 'create'>;
  readonly unitOfWork: UnitOfWork<SeedRepositories>;
  readonly count: number;
  /** Batches at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

const batchSize = 100;

/**
 * Creates the users 0 to `count` - 1 by the use case of the API, many in a transaction. Those that are there already
 * stay as they are, so that whoever was interrupted may begin again. An abort ends it after the batches under way.
 *
 * @throws what a unit of work throws, when the batches under way have ended
 */
export async function createSeedUsers(options: SeedOptions): Promise<SeedCounts> {
  const { count, concurrency, signal, onProgress } = options;
  let total: SeedCounts = nobody;
  let next = 0;
  let done = 0;
  let failed = false;
  onProgress(done, count);

  async function createBatches(): Promise<void> {
    while (next < count && !signal.aborted && !failed) {
      const from = next;
      next = Math.min(count, from + batchSize);
      const batch = Array.from({ length: next - from }, (_, index) => seedUser(from + index));
      try {
        const counts = await createBatch(options, batch);
        total = sum(total, counts);
      } catch (error) {
        failed = true;
        throw error;
      }
      done += batch.length;
      onProgress(done, count);
    }
  }

  const ended = await Promise.allSettled(Array.from({ length: concurrency }, createBatches));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return total;
}

const nobody: SeedCounts = { created: 0, existing: 0, different: 0 };

async function createBatch(
  { users, unitOfWork }: Pick<SeedOptions, 'users' | 'unitOfWork'>,
  batch: readonly SeedUser[],
): Promise<SeedCounts> {
  const changeIds = batch.map(() => uuidv7());
  return await unitOfWork.run(
    async (repositories) => {
      let counts = nobody;
      for (const [index, user] of batch.entries()) {
        const origin = { changeId: changeIds[index] ?? '', requestId: 'seed' };
        counts = sum(counts, await createOne(users, { ...repositories, origin }, user));
      }
      return counts;
    },
    async ({ changes }, counts) => {
      for (const changeId of changeIds) if (await changes.has(changeId)) return counts;
      return null;
    },
  );
}

async function createOne(
  users: Pick<UserService, 'create'>,
  write: ProfilesWrite,
  { id, content }: SeedUser,
): Promise<SeedCounts> {
  try {
    const { created } = await users.create(write, content, id);
    return created ? { ...nobody, created: 1 } : { ...nobody, existing: 1 };
  } catch (error) {
    if (error instanceof UserIdTakenError || error instanceof EmailTakenError) return { ...nobody, different: 1 };
    throw error;
  }
}

function sum(a: SeedCounts, b: SeedCounts): SeedCounts {
  return {
    created: a.created + b.created,
    existing: a.existing + b.existing,
    different: a.different + b.different,
  };
}
