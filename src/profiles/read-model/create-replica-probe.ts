import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import { SqlUserQueries, type UserTable } from '../users/sql-user-queries.ts';
import { createReadModelState } from './read-model-state.ts';

/**
 * Whether a replica can answer queries: its read model has been built, which the journal does not tell of, and has the
 * columns that are asked for.
 *
 * @returns a function that rejects when it cannot
 */
export function createReplicaProbe<Row extends object>(
  readModel: UserTable<Row>,
): (replica: DatabaseReader) => Promise<void> {
  return async (replica) => {
    const state = createReadModelState(replica);
    await state.refresh();
    if (!state.isReady) throw new Error('The read model of the replica is not ready.');
    await new SqlUserQueries(readModel, replica).find('');
  };
}
