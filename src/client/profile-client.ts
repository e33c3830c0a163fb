import type {
  ChangeQuery,
  EnrichedUser,
  NewUser,
  User,
  UserChangePage,
  UserChanges,
  UserPage,
  UserPatch,
  UserQuery,
} from './profile-types.ts';

/** A user and the version of it, to be sent back in `ifMatch` or `ifNoneMatch`. */
export interface VersionedUser {
  readonly user: User;
  readonly etag: string;
}

export interface CreatedUser extends VersionedUser {
  /** False: the user was there already, with this id and the same content. */
  readonly isNew: boolean;
}

export interface FoundUser extends VersionedUser {
  readonly kind: 'found';
}

export interface UnchangedUser {
  readonly kind: 'unchanged';
}

export interface CallOptions {
  /** Ends the call, which then throws the signal's reason. Whether a write was made is open. */
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends CallOptions {
  /** The `etag` that is known: while it is the current one, the answer is `unchanged`. */
  readonly ifNoneMatch?: string;
}

export interface WriteOptions extends CallOptions {
  /** The `etag` that the user must still have; otherwise the problem is `version-conflict`. */
  readonly ifMatch?: string;
}

/**
 * The API's calls. Each is tried again when that can help, and happens at most once however often it was sent: every
 * write carries an `Idempotency-Key` of its own.
 *
 * Each throws `ProfileProblem` when the service refuses or fails, and `ProfileUnreachableError` when there is no answer of
 * the service within the deadline. A write may have been made then, and after a problem that another attempt could not
 * mend in time, which are 429, 5xx and `request-in-progress`: the answer to an earlier attempt may be lost. What cannot be
 * sent, like a `bigint` in `metadata`, throws what the platform makes of it.
 */
export interface ProfileClient {
  /** With an `id` of your own, it is safe to repeat by another process as well. */
  create(user: NewUser, options?: CallOptions): Promise<CreatedUser>;
  get(id: string, options?: CallOptions & { readonly ifNoneMatch?: never }): Promise<FoundUser>;
  get(id: string, options: ReadOptions): Promise<FoundUser | UnchangedUser>;
  /** Answers without the provider's data when the provider is away; `enrichedDataStatus` tells. */
  getEnriched(id: string, options?: CallOptions): Promise<EnrichedUser>;
  /** The pages from `query.cursor`, or the first one, to the last. Each page has a deadline of its own. */
  list(query?: UserQuery, options?: CallOptions): AsyncGenerator<UserPage, void, undefined>;
  update(id: string, changes: UserChanges, options?: WriteOptions): Promise<VersionedUser>;
  patch(id: string, patch: UserPatch, options?: WriteOptions): Promise<VersionedUser>;
  remove(id: string, options?: WriteOptions): Promise<void>;
  /** The pages of the user's journal, oldest change first. */
  changes(id: string, query?: ChangeQuery, options?: CallOptions): AsyncGenerator<UserChangePage, void, undefined>;
}
