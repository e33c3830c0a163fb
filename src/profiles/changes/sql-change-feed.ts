import { RowLockedError, TransientTransactionError } from '../../platform/database/database-errors.ts';
import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import type { Statements } from '../../platform/database/statements.ts';
import type { LoggedChange, PrimaryChangeFeed } from '../../platform/journal/change-feed.ts';

const columns = 'SELECT seq, user_id AS `key`, change_id AS id FROM user_changes';

/** The journal of users as a feed: the key of a change is the user's id. */
export class SqlChangeFeed implements PrimaryChangeFeed {
  readonly #reader: DatabaseReader;
  readonly #hasRowLocks: boolean;

  /**
   * @param reader ends each query within half a second
   * @param options.hasRowLocks false on SQLite, whose single writer makes every number visible before it takes the next
   */
  constructor(reader: DatabaseReader, options: { readonly hasRowLocks: boolean }) {
    this.#reader = reader;
    this.#hasRowLocks = options.hasRowLocks;
  }

  async after(
    seq: number,
    { limit, gaps }: { readonly limit: number; readonly gaps: readonly number[] },
  ): Promise<readonly LoggedChange[]> {
    return await this.#reader.read(async (statements) => [
      ...(await readGaps(statements, gaps)),
      ...(await statements.all<LoggedChange>(`${columns} WHERE seq > ? ORDER BY seq LIMIT ?`, [seq, limit])),
    ]);
  }

  async latest(): Promise<number> {
    return await this.#reader.read(async (statements) => {
      const [row] = await statements.all<{ latest: number | null }>('SELECT MAX(seq) AS latest FROM user_changes', []);
      return row?.latest ?? 0;
    });
  }

  async hasUndecided(numbers: readonly number[]): Promise<boolean> {
    if (!this.#hasRowLocks || numbers.length === 0) return false;
    return await this.#reader.read(async (statements) => await isAnyLocked(statements, numbers));
  }
}

async function readGaps(statements: Statements, gaps: readonly number[]): Promise<readonly LoggedChange[]> {
  if (gaps.length === 0) return [];
  const { places, values } = listOf(gaps);
  return await statements.all<LoggedChange>(`${columns} WHERE seq IN (${places}) ORDER BY seq`, values);
}

/** A row is locked from its INSERT on, in a COMMIT that stands still, too. One that is passed by on the way may count. */
async function isAnyLocked(statements: Statements, numbers: readonly number[]): Promise<boolean> {
  const { places, values } = listOf(numbers);
  try {
    await statements.all(`SELECT seq FROM user_changes WHERE seq IN (${places}) FOR UPDATE NOWAIT`, values);
    return false;
  } catch (error) {
    // MySQL has an error of its own for NOWAIT, MariaDB says at once that it has waited for too long.
    if (error instanceof RowLockedError || error instanceof TransientTransactionError) return true;
    throw error;
  }
}

/** Filled up to a power of two: a connection keeps few statements prepared, and each length is one. */
function listOf(numbers: readonly number[]): { readonly places: string; readonly values: readonly number[] } {
  const [first = 0] = numbers;
  const length = 2 ** Math.ceil(Math.log2(numbers.length));
  const values = [...numbers, ...Array.from({ length: length - numbers.length }, () => first)];
  return { places: values.map(() => '?').join(', '), values };
}
