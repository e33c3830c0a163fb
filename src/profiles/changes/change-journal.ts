import type { UserChange } from './user-change.ts';

/** The journal of changes inside one transaction: a change is recorded if, and only if, the write it tells of is. */
export interface ChangeJournal {
  /**
   * Records a change. The transaction has to hold the user by then, so that the changes of one user are numbered in
   * the order in which they were made.
   *
   * @returns its number in the journal of all users
   * @throws Error when a change with this id is recorded already
   */
  append(change: UserChange): Promise<number>;

  /** Whether the change is recorded; waits, by a locking read, for a transaction that has recorded it and is undecided. */
  has(changeId: string): Promise<boolean>;
}

export interface ChangeListQuery {
  readonly userId: string;
  readonly limit: number;
  /** Only changes behind the one with this `seq`. */
  readonly after?: number;
}

/** A change, and its number in the journal of all users. */
export type RecordedChange = UserChange & { readonly seq: number };

/** Reading, outside of any transaction: what is committed. */
export interface ChangeQueries {
  /** The first `limit` changes of a user, oldest first. */
  list(query: ChangeListQuery): Promise<readonly RecordedChange[]>;
}
