import type { RequestHandler } from 'express';
import type { RateLimitEvent } from '../rate-limit/rate-limit-events.ts';
import { type Allowance, type RateLimit, RateLimitedError, type RateLimiter } from '../rate-limit/rate-limiter.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { clientOf } from './client-address.ts';

/**
 * Holds each client to its limit, and tells in every answer what it has left.
 *
 * Preflights pass: a browser sends them by itself, and they cost nothing that is worth a limit.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function limitRate(limiter: RateLimiter, events: EventStream<RateLimitEvent>): RequestHandler {
  const policy = policyOf(limiter.limit);
  return async (req, res, next) => {
    if (req.method === 'OPTIONS') {
      next();
      return;
    }
    const allowance = await limiter.take(clientOf(req));
    res.setHeader('RateLimit-Policy', policy);
    res.setHeader('RateLimit', `"default";r=${allowance.remaining};t=${resetSeconds(allowance)}`);
    events.emit({ type: 'decided', outcome: allowance.allowed ? 'allowed' : 'limited' });
    if (!allowance.allowed) throw new RateLimitedError(resetSeconds(allowance));
    next();
  };
}

function policyOf({ requests, windowMs }: RateLimit): string {
  return `"default";q=${requests};w=${windowMs / 1_000}`;
}

function resetSeconds({ resetMs }: Allowance): number {
  return Math.max(1, Math.ceil(resetMs / 1_000));
}
