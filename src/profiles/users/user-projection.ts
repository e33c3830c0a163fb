import type { User } from './user.ts';
import type { UserView } from './user-view.ts';

/** What queries read of users, inside the transaction that changes them: they show a change if, and only if, it is made. */
export interface UserProjection {
  /**
   * Shows the user as a change has left it. The transaction has to hold the user by then.
   *
   * @param revision the number of the change in the journal
   */
  put(user: User, revision: number): Promise<UserView>;

  /** Shows the user no longer. */
  remove(id: string): Promise<void>;
}
