import type { User } from './user.ts';

/**
 * Users inside one transaction.
 *
 * Uniqueness of id and e-mail is decided by the store when it writes, whatever was read before.
 */
export interface UserRepository {
  /**
   * @throws UserIdTakenError when the id exists
   * @throws EmailTakenError when another user has the same e-mail key; where both are the case, either of the two
   */
  insert(user: User): Promise<void>;

  /** The user as it is, to be read only. */
  find(id: string): Promise<User | null>;

  /** The user, which no other transaction can change until this one ends; null when there is none. */
  findForUpdate(id: string): Promise<User | null>;

  /**
   * Replaces a user that this transaction holds by `findForUpdate`.
   *
   * @throws EmailTakenError when another user has the same e-mail key
   */
  update(user: User): Promise<void>;

  /** Removes a user that this transaction holds by `findForUpdate`. */
  remove(id: string): Promise<void>;
}
