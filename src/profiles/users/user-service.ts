import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../../platform/clock.ts';
import { pointerTo, ValidationError } from '../../platform/validation-error.ts';
import { mergePatch } from './merge-patch.ts';
import { metadataProblem } from './metadata.ts';
import { type ChangeKind, changedFields } from '../changes/user-change.ts';
import type { ProfilesWrite } from './profiles-repositories.ts';
import type { JsonObject, User, UserContent } from './user.ts';
import { EmailTakenError, UserIdTakenError, UserNotFoundError, VersionConflictError } from './user-errors.ts';
import type { UserListQuery, UserLookup, UserQueries } from './user-queries.ts';
import { type UserView, viewOf } from './user-view.ts';

/** What PATCH may say: fields to replace, and a merge patch for the metadata (`null` empties it). */
export type UserPatch = Partial<Omit<UserContent, 'metadata'>> & { readonly metadata?: UserContent['metadata'] | null };

/** The versions a change may be based on; undefined allows any. */
export type AllowedVersions = readonly number[] | undefined;

/**
 * The use cases of user profiles. Those that change something do so in the transaction that they are given, where they
 * note it in the journal and show it to the queries.
 */
export class UserService {
  readonly #queries: UserQueries;
  readonly #clock: Clock;

  constructor(queries: UserQueries, clock: Clock) {
    this.#queries = queries;
    this.#clock = clock;
  }

  /**
   * Creates a user, under the client's id if it chose one.
   *
   * A client that does not know whether its first try arrived sends the same again, and gets the user that is there:
   * `created` is false then.
   *
   * @throws UserIdTakenError when the id belongs to a user with other content
   * @throws EmailTakenError when another user has this e-mail address
   */
  async create(write: ProfilesWrite, content: UserContent, id?: string): Promise<{ view: UserView; created: boolean }> {
    const now = this.#clock.now();
    const user: User = { ...content, id: id ?? uuidv7(), version: 1, createdAt: now, updatedAt: now };
    try {
      await write.users.insert(user);
    } catch (error) {
      const isTaken = error instanceof UserIdTakenError || error instanceof EmailTakenError;
      if (!isTaken || id === undefined) throw error;
      // Which of two violated indexes is named differs between engines; the id is asked about first everywhere.
      const existing = await write.users.find(id);
      if (existing === null) throw error;
      if (!isDeepStrictEqual(contentOf(existing), asStored(contentOf(user)))) throw new UserIdTakenError();
      return { view: viewOf(existing, 0), created: false };
    }
    const revision = await this.#note(write, 'created', user, changedFields(nothing, user));
    return { view: await write.projection.put(user, revision), created: true };
  }

  async find(id: string): Promise<UserLookup> {
    return await this.#queries.find(id);
  }

  /** One page, and whether there are more behind it. */
  async list(query: UserListQuery): Promise<{ users: readonly UserView[]; hasMore: boolean }> {
    const users = await this.#queries.list({ ...query, limit: query.limit + 1 });
    return { users: users.slice(0, query.limit), hasMore: users.length > query.limit };
  }

  /**
   * Replaces the fields that are given.
   *
   * @throws UserNotFoundError, VersionConflictError, EmailTakenError
   */
  async update(
    write: ProfilesWrite,
    id: string,
    changes: Partial<UserContent>,
    allowed?: AllowedVersions,
  ): Promise<UserView> {
    return await this.#change(write, id, allowed, (user) => ({ ...user, ...changes }));
  }

  /**
   * Applies a JSON Merge Patch.
   *
   * @throws UserNotFoundError, VersionConflictError, EmailTakenError
   * @throws ValidationError when the merged metadata break their rules
   */
  async patch(
    write: ProfilesWrite,
    id: string,
    { metadata, ...fields }: UserPatch,
    allowed?: AllowedVersions,
  ): Promise<UserView> {
    return await this.#change(write, id, allowed, (user) => {
      if (metadata === undefined) return { ...user, ...fields };
      const merged = metadata === null ? {} : mergePatch(user.metadata, metadata);
      const problem = metadataProblem(merged);
      if (problem !== null) throw new ValidationError([{ pointer: pointerTo('metadata'), detail: problem }]);
      return { ...user, ...fields, metadata: merged };
    });
  }

  /**
   * @returns the number of the change in the journal
   * @throws UserNotFoundError, VersionConflictError
   */
  async remove(write: ProfilesWrite, id: string, allowed?: AllowedVersions): Promise<number> {
    const current = requireVersion(await write.users.findForUpdate(id), allowed);
    await write.users.remove(id);
    const removed: User = { ...current, version: current.version + 1, updatedAt: this.#clock.now() };
    const revision = await this.#note(write, 'deleted', removed, []);
    await write.projection.remove(id);
    return revision;
  }

  async #change(
    write: ProfilesWrite,
    id: string,
    allowed: AllowedVersions,
    apply: (user: User) => User,
  ): Promise<UserView> {
    const current = requireVersion(await write.users.findForUpdate(id), allowed);
    const changed: User = { ...apply(current), version: current.version + 1, updatedAt: this.#clock.now() };
    await write.users.update(changed);
    const revision = await this.#note(write, 'updated', changed, changedFields(current, changed));
    return await write.projection.put(changed, revision);
  }

  /**
   * Comes behind the user's row, at which the writers of one user stand in line: so its changes are numbered in the order
   * of their commits. What queries read follows, under the number that is returned.
   */
  async #note(
    { changes, origin }: ProfilesWrite,
    kind: ChangeKind,
    user: User,
    fields: ReturnType<typeof changedFields>,
  ): Promise<number> {
    return await changes.append({
      id: origin.changeId,
      userId: user.id,
      version: user.version,
      kind,
      fields,
      changedAt: user.updatedAt,
      requestId: origin.requestId,
    });
  }
}

/** What a user is before it is created. */
const nothing: UserContent = { name: '', email: '', phone: null, displayName: null, metadata: {} };

function requireVersion(user: User | null, allowed: AllowedVersions): User {
  if (user === null) throw new UserNotFoundError();
  if (allowed !== undefined && !allowed.includes(user.version)) throw new VersionConflictError();
  return user;
}

/** What comes back from a store: JSON has one zero, JavaScript two. */
function asStored(content: UserContent): UserContent {
  const metadata: JsonObject = JSON.parse(JSON.stringify(content.metadata));
  return { ...content, metadata };
}

function contentOf({ name, email, phone, displayName, metadata }: UserContent): UserContent {
  return { name, email, phone, displayName, metadata };
}
