import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import type { LookupHeaders } from '../../platform/http/lookup-headers.ts';
import { requestIdOf } from '../../platform/http/request-context.ts';
import { sendAnswer, setHeaders } from '../../platform/http/responses.ts';
import { validateNoQuery, validatePath } from '../../platform/http/validate.ts';
import { jsonText, lookupOf } from '../users/user-answers.ts';
import { UserNotFoundError } from '../users/user-errors.ts';
import { userPathSchema } from '../users/user-schemas.ts';
import type { UserView } from '../users/user-view.ts';
import type { EnrichedProfileService } from './enriched-profile-service.ts';
import type { EnrichmentOutcome } from './enrichment-client.ts';

export class EnrichedProfileController {
  readonly #service: EnrichedProfileService;
  readonly #lookupHeaders: LookupHeaders;

  constructor(service: EnrichedProfileService, lookupHeaders: LookupHeaders) {
    this.#service = service;
    this.#lookupHeaders = lookupHeaders;
  }

  async get(req: Request, res: Response): Promise<void> {
    validateNoQuery(req.url);
    await this.read(validatePath(userPathSchema, req.params).id, res);
  }

  /** Answers a read that is known to be valid. */
  async read(id: string, res: ServerResponse): Promise<void> {
    const clientGone = new AbortController();
    const leave = (): void => clientGone.abort();
    res.once('close', leave);
    // An abort makes an error with its stack, which is not to be paid for when everybody is still there.
    const request = { signal: clientGone.signal, requestId: requestIdOf(res) };
    const asked = this.#service.get(id, request).finally(() => res.off('close', leave));
    const { user, enrichment, enrichmentMs } = await asked;
    const headers = this.#lookupHeaders(lookupOf(user, enrichmentMs));
    if (user.view === null || enrichment === null) {
      setHeaders(res, headers);
      throw new UserNotFoundError();
    }

    // The enrichment has no version, so the whole has no entity tag and is not kept.
    sendAnswer(res, jsonText(200, enrichedBody(user.view, enrichment), { ...headers, 'Cache-Control': 'no-store' }));
  }
}

/** The user's members, and two more: the body is a JSON object, which is not empty. */
function enrichedBody({ body }: UserView, enrichment: EnrichmentOutcome): string {
  const data = enrichment.status === 'available' ? enrichment.json : 'null';
  return `${body.slice(0, -1)},"enrichedData":${data},"enrichedDataStatus":"${enrichment.status}"}`;
}
