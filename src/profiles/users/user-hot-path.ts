import type { HotPath } from '../../platform/http/hot-path.ts';
import { plainUserReadOf } from './plain-user-read.ts';
import type { UserController } from './user-controller.ts';

/** `GET /api/users/{id}` in its plain form. */
export function userHotPath(users: UserController): HotPath {
  return {
    route: '/api/users/:id',
    idOf: (req) => plainUserReadOf(req, ''),
    isAtHand: (id) => users.isAtHand(id),
    answer: (id, req, res) => users.read(id, req, res),
  };
}
