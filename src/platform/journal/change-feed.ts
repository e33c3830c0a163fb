/** That something was written: its key, and the number of the change. */
export interface Change {
  readonly seq: number;
  readonly key: string;
}

/** A change as it stands in a log. No other has its `id`, whatever number that one was given, and by which server. */
export interface LoggedChange extends Change {
  readonly id: string;
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
  after(
    seq: number,
    options: { readonly limit: number; readonly gaps: readonly number[] },
  ): Promise<readonly LoggedChange[]>;
  /** The greatest number that is visible; 0 when there is none. @throws as `after` does */
  latest(): Promise<number>;
}

/** A log of changes on the server that writes it. */
export interface PrimaryChangeFeed extends ChangeFeed {
  /**
   * Whether a transaction that has not ended may have one of these numbers. If not, `after` shows from now on which of
   * them there are, and there will never be others.
   *
   * @throws as `after` does
   */
  hasUndecided(numbers: readonly number[]): Promise<boolean>;
}
