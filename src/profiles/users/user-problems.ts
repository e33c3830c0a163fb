import type { ProblemType } from '../../platform/http/problem-catalogue.ts';

/** What the user endpoints can answer besides the platform's problems. */
export const userProblems: readonly ProblemType[] = [
  {
    code: 'user-not-found',
    status: 404,
    title: 'There is no such user',
    meaning: 'No user has this id; it may have been deleted.',
  },
  {
    code: 'user-id-taken',
    status: 409,
    title: 'The id is taken',
    meaning:
      'A user with this id exists and has other content. Choose another id, or change that user with PUT or PATCH.',
  },
  {
    code: 'email-taken',
    status: 409,
    title: 'The e-mail address is taken',
    meaning: 'Another user has this e-mail address; case does not matter, dots and plus signs do.',
  },
  {
    code: 'version-conflict',
    status: 412,
    title: 'The user has changed in the meantime',
    meaning:
      'The version in `If-Match` is not the current one. Read the user again, then repeat the change with its new `ETag`.',
  },
];
