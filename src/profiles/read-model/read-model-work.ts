/** Of `users_read` and `users`, where and how they differ. */
export interface ReadModelDifference {
  readonly id: string;
  /** `missing`: only in `users`; `orphaned`: only in `users_read`; `differs`: in both. */
  readonly kind: 'missing' | 'orphaned' | 'differs';
  /** In which columns, when it is in both. */
  readonly columns: readonly string[];
}

/** Some users in the order of their ids, and what is to be said of them. */
export interface ReadModelBatch {
  /** How many are in `users`. */
  readonly users: number;
  readonly differences: readonly ReadModelDifference[];
  /** The id up to which this batch goes; null when there is nobody behind it. */
  readonly end: string | null;
}

/** The users of some changes, in the order of the changes. */
export interface ReadModelChangesBatch {
  readonly differences: readonly ReadModelDifference[];
  /** The number of the change up to which this batch goes; null when there is none behind it. */
  readonly end: number | null;
}

export interface ReadModelBuilding {
  /** The id up to which it has come; `''` at the start. */
  readonly position: string;
  /** The number of the last change before it began: users with later ones may have been gone through too early. */
  readonly since: number;
}

export interface ReadModelStatus {
  readonly isReady: boolean;
  /** The id up to which a building that was broken off, or is under way, has come; `''` when there is none. */
  readonly position: string;
}

/**
 * The work on the read model in one transaction. It holds the users that it compares, so that what others write at the
 * same time is no difference.
 */
export interface ReadModelWork {
  /** How many users there are, and how many of them up to this id. */
  count(upTo: string): Promise<{ readonly users: number; readonly passed: number }>;

  /** Compares the first `limit` users behind an id; `''` is before all of them. */
  compare(after: string, limit: number): Promise<ReadModelBatch>;

  /**
   * Begins a building, or goes on with the one that was broken off.
   *
   * @param fromStart not where that one had come to
   */
  begin(fromStart: boolean): Promise<ReadModelBuilding>;

  /** Compares, writes `users_read` anew where it differs, and notes how far the building has come. */
  rebuild(after: string, limit: number): Promise<ReadModelBatch>;

  /** The number of the last change in the journal; 0 when there is none. */
  latestChange(): Promise<number>;

  /** Compares the users of the next changes behind `after` and up to `upTo`, and writes `users_read` anew where it differs. */
  rebuildChanged(after: number, upTo: number): Promise<ReadModelChangesBatch>;

  /** Ends the building. @returns whether the read model is ready; not when it was suspended meanwhile */
  finish(): Promise<boolean>;

  status(): Promise<ReadModelStatus>;

  /** Makes it pending, to be built from the start. Processes that know it as ready go on as they are. */
  suspend(): Promise<void>;
}
