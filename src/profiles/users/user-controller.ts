import type { Request, Response } from 'express';
import { entityTagOf, entityTagsOf, isKnownToClient, versionsAllowedBy } from '../../platform/http/conditional.ts';
import { bodyOf } from '../../platform/http/json-body.ts';
import { sendEmpty, sendJson } from '../../platform/http/responses.ts';
import { validateBody, validatePath, validateQuery } from '../../platform/http/validate.ts';
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

  constructor(service: UserService) {
    this.#service = service;
  }

  async create(req: Request, res: Response): Promise<void> {
    validateQuery(noQuerySchema, req.url);
    const { id, ...content } = validateBody(createUserSchema, bodyOf(req));
    const { user, created } = await this.#service.create(content, id);
    res.setHeader('Location', `/api/users/${user.id}`);
    sendUser(res, created ? 201 : 200, user);
  }

  async get(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const ifNoneMatch = entityTagsOf(req, 'If-None-Match');
    const user = await this.#service.get(id);
    if (isKnownToClient(ifNoneMatch, user.version)) {
      setValidators(res, user);
      sendEmpty(res, 304);
    } else {
      sendUser(res, 200, user);
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
    sendUser(res, 200, await this.#service.update(id, changes, allowedVersionsOf(req)));
  }

  async patch(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    const patch = validateBody(patchUserSchema, bodyOf(req));
    sendUser(res, 200, await this.#service.patch(id, patch, allowedVersionsOf(req)));
  }

  async remove(req: Request, res: Response): Promise<void> {
    const id = userIdOf(req);
    await this.#service.remove(id, allowedVersionsOf(req));
    sendEmpty(res, 204);
  }
}

function userIdOf(req: Request): string {
  validateQuery(noQuerySchema, req.url);
  return validatePath(userPathSchema, req.params).id;
}

function allowedVersionsOf(req: Request): AllowedVersions {
  return versionsAllowedBy(entityTagsOf(req, 'If-Match'));
}

function sendUser(res: Response, status: 200 | 201, user: User): void {
  setValidators(res, user);
  sendJson(res, status, representUser(user));
}

/** A client may keep a profile, but asks each time whether it is still the current one. */
function setValidators(res: Response, user: User): void {
  res.setHeader('ETag', entityTagOf(user.version));
  res.setHeader('Cache-Control', 'private, no-cache');
}

/** The same list from `cursor` on, relative to this server (RFC 8288 resolves it against the request). */
function pageUrl({ limit, sort, email, q }: ListUsersRequest, cursor: string): string {
  const query = new URLSearchParams({ limit: String(limit), sort, cursor });
  if (email !== undefined) query.set('email', email);
  if (q !== undefined) query.set('q', q);
  return `/api/users?${query.toString()}`;
}
