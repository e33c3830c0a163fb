import type { Request, Response } from 'express';
import { entityTagOf, entityTagsOf, isKnownToClient, versionsAllowedBy } from '../../platform/http/conditional.ts';
import { bodyOf } from '../../platform/http/json-body.ts';
import type { IdempotentRequests } from '../../platform/http/idempotent-requests.ts';
import { jsonAnswer, sendAnswer, sendJson } from '../../platform/http/responses.ts';
import type { Answer } from '../../platform/idempotency/answer.ts';
import { validateBody, validatePath, validateQuery } from '../../platform/http/validate.ts';
import type { ProfilesRepositories } from './profiles-repositories.ts';
import { emailKey, searchKey } from './text-keys.ts';
import type { User } from './user.ts';
import { decodeCursor, encodeCursor } from './user-cursor.ts';
import { positionOf } from './user-queries.ts';
import { representUser } from './user-representation.ts';
import {
  createUserSchema,
  type ListUsersRequest,
  listUsersSchema,
  noQuerySchema,
  patchUserSchema,
  updateUserSchema,
  userPathSchema,
} from './user-schemas.ts';
import type { AllowedVersions, UserService } from './user-service.ts';

/** Between HTTP and the use cases: reads and validates requests, writes answers. */
export class UserController {
  readonly #service: UserService;
  readonly #writes: IdempotentRequests<ProfilesRepositories>;

  constructor(service: UserService, writes: IdempotentRequests<ProfilesRepositories>) {
    this.#service = service;
    this.#writes = writes;
  }

  async create(req: Request, res: Response): Promise<void> {
    validateQuery(noQuerySchema, req.url);
    const { id, ...content } = validateBody(createUserSchema, bodyOf(req));
    await this.#writes.answer(req, res, async (repositories, origin) => {
      const { user, created } = await this.#service.create({ ...repositories, origin }, content, id);
      return userAnswer(created ? 201 : 200, user, { Location: `/api/users/${user.id}` });
    });
  }

  async get(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const ifNoneMatch = entityTagsOf(req, 'If-None-Match');
    const user = await this.#service.get(id);
    if (isKnownToClient(ifNoneMatch, user.version)) {
      sendAnswer(res, { status: 304, headers: validatorsOf(user), body: '' });
    } else {
      sendAnswer(res, userAnswer(200, user));
    }
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
    sendJson(res, 200, { data: users.map(representUser), nextCursor });
  }

  async update(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const changes = validateBody(updateUserSchema, bodyOf(req));
    const allowed = allowedVersionsOf(req);
    await this.#writes.answer(req, res, async (repositories, origin) =>
      userAnswer(200, await this.#service.update({ ...repositories, origin }, id, changes, allowed)),
    );
  }

  async patch(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const patch = validateBody(patchUserSchema, bodyOf(req));
    const allowed = allowedVersionsOf(req);
    await this.#writes.answer(req, res, async (repositories, origin) =>
      userAnswer(200, await this.#service.patch({ ...repositories, origin }, id, patch, allowed)),
    );
  }

  async remove(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const allowed = allowedVersionsOf(req);
    await this.#writes.answer(req, res, async (repositories, origin) => {
      await this.#service.remove({ ...repositories, origin }, id, allowed);
      return { status: 204, headers: {}, body: '' };
    });
  }
}

function userIdOf(req: Request): string {
  validateQuery(noQuerySchema, req.url);
  return validatePath(userPathSchema, req.params).id;
}

function allowedVersionsOf(req: Request): AllowedVersions {
  return versionsAllowedBy(entityTagsOf(req, 'If-Match'));
}

function userAnswer(status: 200 | 201, user: User, headers: Readonly<Record<string, string>> = {}): Answer {
  return jsonAnswer(status, representUser(user), { ...headers, ...validatorsOf(user) });
}

/** A client may keep a profile, but asks each time whether it is still the current one. */
function validatorsOf(user: User): Readonly<Record<string, string>> {
  return { ETag: entityTagOf(user.version), 'Cache-Control': 'private, no-cache' };
}

/** The same list from `cursor` on, relative to this server (RFC 8288 resolves it against the request). */
function pageUrl({ limit, sort, email, q }: ListUsersRequest, cursor: string): string {
  const query = new URLSearchParams({ limit: String(limit), sort, cursor });
  if (email !== undefined) query.set('email', email);
  if (q !== undefined) query.set('q', q);
  return `/api/users?${query.toString()}`;
}
