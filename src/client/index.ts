export { createProfileClient, type ProfileClientOptions } from './create-profile-client.ts';
export type {
  CallOptions,
  CreatedUser,
  FoundUser,
  ProfileClient,
  ReadOptions,
  UnchangedUser,
  VersionedUser,
  WriteOptions,
} from './profile-client.ts';
export { ProfileProblem } from './profile-problem.ts';
export { ProfileUnreachableError } from './profile-unreachable-error.ts';
export type {
  ChangeQuery,
  EnrichedUser,
  NewUser,
  ProblemCode,
  User,
  UserChange,
  UserChangePage,
  UserChanges,
  UserPage,
  UserPatch,
  UserQuery,
  Violation,
} from './profile-types.ts';
