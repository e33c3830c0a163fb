import type { Request, Response } from 'express';
import { sendJson } from '../../platform/http/responses.ts';
import { validatePath, validateQuery } from '../../platform/http/validate.ts';
import { userPathSchema } from '../users/user-schemas.ts';
import { decodeChangeCursor, encodeChangeCursor } from './change-cursor.ts';
import type { UserChange } from './user-change.ts';
import { listUserChangesSchema } from './user-changes-schemas.ts';
import type { UserChangesService } from './user-changes-service.ts';

export class UserChangesController {
  readonly #service: UserChangesService;

  constructor(service: UserChangesService) {
    this.#service = service;
  }

  async list(req: Request, res: Response): Promise<void> {
    const { limit, cursor } = validateQuery(listUserChangesSchema, req.url);
    const { id } = validatePath(userPathSchema, req.params);
    const { changes, hasMore } = await this.#service.list(id, {
      limit,
      ...(cursor === undefined ? {} : { after: decodeChangeCursor(cursor) }),
    });

    const last = changes.at(-1);
    const nextCursor = hasMore && last !== undefined ? encodeChangeCursor(last.seq) : null;
    if (nextCursor !== null) res.setHeader('Link', `<${pageUrl(id, limit, nextCursor)}>; rel="next"`);
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { data: changes.map(representChange), nextCursor });
  }
}

/** A change as the API answers it. The members stand in the order of the contract. */
function representChange({ id, version, kind, fields, changedAt, requestId }: UserChange) {
  return { id, version, kind, fields, changedAt: changedAt.toISOString(), requestId };
}

/** The same journal from `cursor` on, relative to this server (RFC 8288 resolves it against the request). */
function pageUrl(id: string, limit: number, cursor: string): string {
  return `/api/users/${id}/changes?${new URLSearchParams({ limit: String(limit), cursor }).toString()}`;
}
