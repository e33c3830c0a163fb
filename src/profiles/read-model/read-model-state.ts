import type { DatabaseReader } from '../../platform/database/database-reader.ts';

/**
 * Whether queries may go to `users_read`: it has what `users` has, and nobody writes who does not know it. While it is
 * not so, every process asks again now and then; once it is, for ever.
 */
export interface ReadModelState {
  readonly isReady: boolean;
  /** Asks the database, if the last answer is old. @throws what `DatabaseReader` throws */
  refresh(): Promise<void>;
}

const refreshMs = 1_000;

/** @param onChange is told when the read model is found to be pending, and when it has become ready after that */
export function createReadModelState(
  reader: DatabaseReader,
  onChange: (state: 'pending' | 'ready') => void = () => {},
): ReadModelState {
  let isReady = false;
  let wasPending = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    const rows = await reader.read((statements) =>
      statements.all<{ state: string }>("SELECT state FROM read_models WHERE name = 'users'", []),
    );
    askedAt = performance.now();
    isReady = rows[0]?.state === 'ready';
    if (isReady === wasPending) onChange(isReady ? 'ready' : 'pending');
    wasPending = !isReady;
  }

  return {
    get isReady() {
      return isReady;
    },
    refresh: async () => {
      if (isReady || performance.now() - askedAt < refreshMs) return;
      asking ??= ask().finally(() => (asking = undefined));
      await asking;
    },
  };
}
