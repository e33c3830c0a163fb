import type { Request, Response } from 'express';
import { sendJson } from '../../platform/http/responses.ts';
import { validatePath, validateQuery } from '../../platform/http/validate.ts';
import { representUser } from '../users/user-representation.ts';
import { noQuerySchema, userPathSchema } from '../users/user-schemas.ts';
import type { EnrichedProfileService } from './enriched-profile-service.ts';

export class EnrichedProfileController {
  readonly #service: EnrichedProfileService;

  constructor(service: EnrichedProfileService) {
    this.#service = service;
  }

  async get(req: Request, res: Response): Promise<void> {
    validateQuery(noQuerySchema, req.url);
    const { id } = validatePath(userPathSchema, req.params);

    const clientGone = new AbortController();
    res.once('close', () => clientGone.abort());
    const { user, enrichment } = await this.#service.get(id, clientGone.signal);

    // The enrichment has no version, so the whole has no entity tag and is not kept.
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, {
      ...representUser(user),
      enrichedData: enrichment.status === 'available' ? enrichment.data : null,
      enrichedDataStatus: enrichment.status,
    });
  }
}
