import { representUser } from './user-representation.ts';
import type { User } from './user.ts';

/** A user as the API answers it, ready to be sent. */
export interface UserView {
  readonly id: string;
  /**
   * The number in the journal of the change that it shows. Of two views of one id, the greater is the newer one, also
   * when the user was deleted and its id taken again in between; versions begin at 1 again then. 0: it is not known.
   */
  readonly revision: number;
  readonly version: number;
  /** JSON. */
  readonly body: string;
}

export function viewOf(user: User, revision: number): UserView {
  return { id: user.id, revision, version: user.version, body: JSON.stringify(representUser(user)) };
}
