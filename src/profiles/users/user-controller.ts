import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { type EntityTags, entityTagsOf, versionsAllowedBy } from '../../platform/http/conditional.ts';
import { bodyOf } from '../../platform/http/json-body.ts';
import type { IdempotentRequests } from '../../platform/http/idempotent-requests.ts';
import type { LookupHeaders } from '../../platform/http/lookup-headers.ts';
import { sendAnswer, sendPrepared, setHeaders } from '../../platform/http/responses.ts';
import { validateBody, validateNoQuery, validatePath, validateQuery } from '../../platform/http/validate.ts';
import type { ProfilesRepositories } from './profiles-repositories.ts';
import { emailKey, searchKey } from './text-keys.ts';
import { jsonText, lookupOf, readAnswer, RememberedAnswers, userAnswer } from './user-answers.ts';
import { UserNotFoundError } from './user-errors.ts';
import { decodeCursor, encodeCursor } from './user-cursor.ts';
import { positionOf, type UserLookup, type UserMemory } from './user-queries.ts';
import type { UserView } from './user-view.ts';
import {
  createUserSchema,
  type ListUsersRequest,
  listUsersSchema,
  patchUserSchema,
  updateUserSchema,
  userPathSchema,
} from './user-schemas.ts';
import type { AllowedVersions, UserService } from './user-service.ts';

/** What a write has left of a user, and the number of its change; null: it was deleted. */
export interface UserEffect {
  readonly id: string;
  readonly revision: number;
  readonly view: UserView | null;
}

/** Between HTTP and the use cases: reads and validates requests, writes answers. */
export class UserController {
  readonly #service: UserService;
  readonly #writes: IdempotentRequests<ProfilesRepositories, UserEffect>;
  readonly #memory: UserMemory;
  readonly #lookupHeaders: LookupHeaders;
  readonly #remembered: RememberedAnswers;

  constructor(
    service: UserService,
    writes: IdempotentRequests<ProfilesRepositories, UserEffect>,
    memory: UserMemory,
    lookupHeaders: LookupHeaders,
  ) {
    this.#service = service;
    this.#writes = writes;
    this.#memory = memory;
    this.#lookupHeaders = lookupHeaders;
    this.#remembered = new RememberedAnswers(lookupHeaders);
  }

  async create(req: Request, res: Response): Promise<void> {
    validateNoQuery(req.url);
    const { id, ...content } = validateBody(createUserSchema, bodyOf(req));
    await this.#writes.answer(req, res, id ?? null, async (repositories, origin) => {
      const { view, created } = await this.#service.create({ ...repositories, origin }, content, id);
      const answer = userAnswer(created ? 201 : 200, view, { Location: `/api/users/${view.id}` });
      return { answer, effect: created ? shown(view) : null };
    });
  }

  async get(req: Request, res: Response): Promise<void> {
    await this.read(userIdOf(req), req, res);
  }

  /** Whether `read` answers with a user in memory. */
  isAtHand(id: string): boolean {
    return this.#memory.has(id);
  }

  /**
   * Answers a read that is known to be valid but for its entity tags: at once, returning nothing, when the user is in
   * memory, or known not to be there.
   *
   * @throws UserNotFoundError, or rejects with it
   */
  read(id: string, req: IncomingMessage, res: ServerResponse): Promise<void> | undefined {
    const ifNoneMatch = entityTagsOf(req, 'If-None-Match');
    const view = this.#memory.peek(id);
    if (view === undefined) return this.#find(id, ifNoneMatch, res);
    if (view === null) this.#send({ view, cache: 'hit' }, ifNoneMatch, res);
    else sendPrepared(res, this.#remembered.of(view, ifNoneMatch));
    return undefined;
  }

  async #find(id: string, ifNoneMatch: EntityTags | undefined, res: ServerResponse): Promise<void> {
    this.#send(await this.#service.find(id), ifNoneMatch, res);
  }

  /** @throws UserNotFoundError */
  #send(found: UserLookup, ifNoneMatch: EntityTags | undefined, res: ServerResponse): void {
    const headers = this.#lookupHeaders(lookupOf(found));
    if (found.view === null) {
      setHeaders(res, headers);
      throw new UserNotFoundError();
    }
    sendAnswer(res, readAnswer(found.view, ifNoneMatch, headers));
  }

  async list(req: Request, res: Response): Promise<void> {
    const request = validateQuery(listUsersSchema, req.url);
    const { limit, sort, cursor, email, q } = request;
    const { users, hasMore } = await this.#service.list({
      limit,
      sort,
      ...(cursor === undefined ? {} : { after: decodeCursor(cursor, sort) }),
      // No user has an empty key, and an address without a key belongs to no user.
      ...(email === undefined ? {} : { emailKey: emailKey(email) ?? '' }),
      ...(q === undefined ? {} : { prefix: searchKey(q) }),
    });

    const last = users.at(-1);
    const nextCursor = hasMore && last !== undefined ? encodeCursor(positionOf(last, sort), sort) : null;
    if (nextCursor !== null) res.setHeader('Link', `<${pageUrl(request, nextCursor)}>; rel="next"`);
    const data = users.map(({ body }) => body).join(',');
    sendAnswer(res, jsonText(200, `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)}}`));
  }

  async update(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const changes = validateBody(updateUserSchema, bodyOf(req));
    const allowed = allowedVersionsOf(req);
    await this.#writes.answer(req, res, id, async (repositories, origin) => {
      const view = await this.#service.update({ ...repositories, origin }, id, changes, allowed);
      return { answer: userAnswer(200, view), effect: shown(view) };
    });
  }

  async patch(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const patch = validateBody(patchUserSchema, bodyOf(req));
    const allowed = allowedVersionsOf(req);
    await this.#writes.answer(req, res, id, async (repositories, origin) => {
      const view = await this.#service.patch({ ...repositories, origin }, id, patch, allowed);
      return { answer: userAnswer(200, view), effect: shown(view) };
    });
  }

  async remove(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const allowed = allowedVersionsOf(req);
    await this.#writes.answer(req, res, id, async (repositories, origin) => {
      const revision = await this.#service.remove({ ...repositories, origin }, id, allowed);
      return { answer: { status: 204, headers: {}, body: '' }, effect: { id, revision, view: null } };
    });
  }
}

function shown(view: UserView): UserEffect {
  return { id: view.id, revision: view.revision, view };
}

function userIdOf(req: Request): string {
  validateNoQuery(req.url);
  return validatePath(userPathSchema, req.params).id;
}

function allowedVersionsOf(req: Request): AllowedVersions {
  return versionsAllowedBy(entityTagsOf(req, 'If-Match'));
}

/** The same list from `cursor` on, relative to this server (RFC 8288 resolves it against the request). */
function pageUrl({ limit, sort, email, q }: ListUsersRequest, cursor: string): string {
  const query = new URLSearchParams({ limit: String(limit), sort, cursor });
  if (email !== undefined) query.set('email', email);
  if (q !== undefined) query.set('q', q);
  return `/api/users?${query.toString()}`;
}
