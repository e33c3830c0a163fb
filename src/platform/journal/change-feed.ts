/** That something was written: its key, and the number of the change. */
export interface Change {
  readonly seq: number;
  readonly key: string;
}

/**
 * A log of changes, numbered by a database as they are written. Those of one key are numbered in the order of their
 * commits. Of two keys, the lower number can become visible after the higher one, or never, when its transaction is
 * rolled back.
 */
export interface ChangeFeed {
  /**
   * The first `limit` changes behind `seq`, and those of `gaps` that are visible now, in the order of their numbers.
   *
   * @throws DomainError when the log cannot be read, or not in time
   */
  after(seq: number, options: { readonly limit: number; readonly gaps: readonly number[] }): Promise<readonly Change[]>;
  /** The greatest number that is visible; 0 when there is none. @throws as `after` does */
  latest(): Promise<number>;
}
