/**
 * The only way to write: all of `work`, or none of it.
 *
 * `Repositories` are bound to the transaction and die with it, so nothing can be written outside of one by mistake.
 */
export interface UnitOfWork<Repositories> {
  /**
   * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects, runs it again, whole, after
   * a conflict with others or a lost connection, within the deadline. Hence `work` must not do anything that a rollback
   * does not undo, and its statements come one after the other: with two at once, the second survives a deadlock of the
   * first.
   *
   * When the connection is lost while the transaction is committed, nobody knows whether it was. Then `recall` is
   * asked, in a transaction of its own and before anything is run again, with the result that `work` had: it answers
   * with the result if it finds the change made, or with null. It must look by a locking read for something that `work`
   * has written, because the lost transaction may still be about to commit.
   *
   * @throws what `work` throws
   * @throws DatabaseUnavailableError when the database cannot be reached; nothing was changed
   * @throws TransientTransactionError when the conflicts did not end; nothing was changed
   * @throws DatabaseOverloadedError when no connection becomes free in time; nothing was changed
   * @throws OutcomeUnknownError when it could not be found out whether the change was committed
   */
  run<T>(work: Work<Repositories, T>, recall?: Recall<Repositories, T>): Promise<T>;
}

export type Work<Repositories, T> = (repositories: Repositories) => Promise<T>;
export type Recall<Repositories, T> = (repositories: Repositories, result: T) => Promise<T | null>;
