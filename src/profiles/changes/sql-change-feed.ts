import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import type { Statements } from '../../platform/database/statements.ts';
import type { Change, ChangeFeed } from '../../platform/journal/change-feed.ts';

const columns = 'SELECT seq, user_id AS `key` FROM user_changes';

/** The journal of users as a feed: the key of a change is the user's id. */
export class SqlChangeFeed implements ChangeFeed {
  readonly #reader: DatabaseReader;

  /** @param reader ends each query within half a second */
  constructor(reader: DatabaseReader) {
    this.#reader = reader;
  }

  async after(
    seq: number,
    { limit, gaps }: { readonly limit: number; readonly gaps: readonly number[] },
  ): Promise<readonly Change[]> {
    return await this.#reader.read(async (statements) => [
      ...(await readGaps(statements, gaps)),
      ...(await statements.all<Change>(`${columns} WHERE seq > ? ORDER BY seq LIMIT ?`, [seq, limit])),
    ]);
  }

  async latest(): Promise<number> {
    return await this.#reader.read(async (statements) => {
      const [row] = await statements.all<{ latest: number | null }>('SELECT MAX(seq) AS latest FROM user_changes', []);
      return row?.latest ?? 0;
    });
  }
}

/** The list is filled up to a power of two: a connection keeps few statements prepared, and each length is one. */
async function readGaps(statements: Statements, gaps: readonly number[]): Promise<readonly Change[]> {
  const [first] = gaps;
  if (first === undefined) return [];
  const length = 2 ** Math.ceil(Math.log2(gaps.length));
  const numbers = [...gaps, ...Array.from({ length: length - gaps.length }, () => first)];
  const places = numbers.map(() => '?').join(', ');
  return await statements.all<Change>(`${columns} WHERE seq IN (${places}) ORDER BY seq`, numbers);
}
