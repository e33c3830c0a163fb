import { setTimeout as delay } from 'node:timers/promises';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { ReadModelBatch, ReadModelDifference, ReadModelWork } from './read-model-work.ts';

/** Each batch is a transaction, and those who write its users wait for it. */
const batchSizeDefault = 500;
/** Lets others write in between: on SQLite they wait for the turn that a batch has. */
const pauseMs = 2;

export interface ReadModelRunOptions {
  /** Users in one transaction. */
  readonly batchSize?: number;
  /** Ends the run behind the batch that is under way. */
  readonly signal?: AbortSignal;
  /** Is told at the start and after each batch: how many users have been gone through of how many that there were. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ReadModelRun {
  /** Whether it has come to the end. */
  readonly isComplete: boolean;
  /** What was different, and is not any more after a rebuild. */
  readonly differences: number;
}

/**
 * Writes `users_read` anew where it is not what `users` says, and makes it ready. Begins where the last run was broken
 * off, if one was. Others may write at the same time, and may do this too.
 *
 * Those who write may not know `users_read` until the last run begins. So users that have changed since the first one
 * began are gone through once more at the end.
 *
 * What is read meanwhile is right, or as it was before: rows are replaced one by one, and none goes away but those of
 * users that are gone.
 */
export async function rebuildReadModel(
  unitOfWork: UnitOfWork<ReadModelWork>,
  options: ReadModelRunOptions & {
    /** Not where the last run was broken off. */
    readonly fromStart?: boolean;
  } = {},
): Promise<ReadModelRun> {
  const { position, since } = await unitOfWork.run((work) => work.begin(options.fromStart === true), again);
  const run = await runInBatches(unitOfWork, { ...options, start: position }, (work, after, limit) =>
    work.rebuild(after, limit),
  );
  if (!run.isComplete) return run;
  const changed = await rebuildChanged(unitOfWork, since, options.signal);
  return {
    isComplete: changed.isComplete && (await unitOfWork.run((work) => work.finish(), again)),
    differences: run.differences + changed.differences,
  };
}

/**
 * Compares both tables.
 *
 * @param options.onDifference is told each difference
 */
export async function checkReadModel(
  unitOfWork: UnitOfWork<ReadModelWork>,
  options: ReadModelRunOptions & { readonly onDifference: (difference: ReadModelDifference) => void },
): Promise<ReadModelRun> {
  return await runInBatches(unitOfWork, { ...options, start: '' }, (work, after, limit) => work.compare(after, limit));
}

/** @param since the number of a change: those behind it are gone through, up to the last that there is now */
async function rebuildChanged(
  unitOfWork: UnitOfWork<ReadModelWork>,
  since: number,
  signal: AbortSignal | undefined,
): Promise<ReadModelRun> {
  const upTo = await unitOfWork.run((work) => work.latestChange());
  let differences = 0;
  for (let position: number | null = since; position !== null; ) {
    if (signal?.aborted === true) return { isComplete: false, differences };
    const after: number = position;
    const batch = await unitOfWork.run((work) => work.rebuildChanged(after, upTo), again);
    differences += batch.differences.length;
    position = batch.end;
    if (position !== null) await delay(pauseMs);
  }
  return { isComplete: true, differences };
}

/** What may have been committed is done again, which changes nothing that it has done. */
const again = (): Promise<null> => Promise.resolve(null);

async function runInBatches(
  unitOfWork: UnitOfWork<ReadModelWork>,
  options: ReadModelRunOptions & {
    readonly start: string;
    readonly onDifference?: (difference: ReadModelDifference) => void;
  },
  doBatch: (work: ReadModelWork, after: string, limit: number) => Promise<ReadModelBatch>,
): Promise<ReadModelRun> {
  const { batchSize = batchSizeDefault, signal, onProgress = () => {}, onDifference = () => {} } = options;
  let position = options.start;
  let differences = 0;
  const { users: total, passed } = await unitOfWork.run((work) => work.count(position));
  for (let done = passed; ; ) {
    onProgress(done, total);
    if (signal?.aborted === true) return { isComplete: false, differences };
    const batch = await unitOfWork.run((work) => doBatch(work, position, batchSize), again);
    batch.differences.forEach(onDifference);
    differences += batch.differences.length;
    done += batch.users;
    if (batch.end === null) {
      onProgress(total, total);
      return { isComplete: true, differences };
    }
    position = batch.end;
    await delay(pauseMs);
  }
}
