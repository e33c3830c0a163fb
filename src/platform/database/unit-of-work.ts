/**
 * The only way to write: all of `work`, or none of it.
 *
 * `Repositories` are bound to the transaction and die with it, so nothing can be written outside of one by mistake.
 */
export interface UnitOfWork<Repositories> {
  /**
   * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects, runs it again, whole, after
   * a deadlock or lock-wait timeout, a few times and within seconds. Hence `work` must not do anything that a rollback
   * does not undo, and its statements come one after the other: with two at once, the second survives a deadlock of the
   * first.
   *
   * @throws what `work` throws
   * @throws DatabaseUnavailableError when the database cannot be reached
   * @throws TransientTransactionError when the conflicts did not end
   * @throws DatabaseOverloadedError when no connection becomes free in time
   */
  run<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>;
}
