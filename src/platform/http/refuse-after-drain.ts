import { Router } from 'express';
import { DomainError } from '../domain-error.ts';

/**
 * Refuses requests to `/api` that come when the drain is over, on connections that were open by then: work that is
 * begun so late might be cut.
 */
export function refuseAfterDrain(stop: { readonly drained: boolean }): Router {
  const router = Router();
  router.use('/api', (_req, _res, next) => {
    if (stop.drained) throw new DomainError('shutting-down', 'The service is about to stop.');
    next();
  });
  return router;
}
