import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { DomainError } from '../domain-error.ts';

/**
 * Guards what is for operators: lets requests pass that show `token` as a bearer token (RFC 6750), or all when it is
 * null. The answer to others does not tell by its time how much of theirs was right.
 */
export function requireOpsToken(token: string | null): RequestHandler {
  if (token === null) return (_req, _res, next) => next();
  const expected = digest(token);
  return (req, res, next) => {
    // Of two headers, a proxy may have looked at the other one.
    const [header = '', second] = req.headersDistinct['authorization'] ?? [];
    const [, shown] = /^Bearer +([\x21-\x7e]+) *$/i.exec(header) ?? [];
    if (shown !== undefined && second === undefined && timingSafeEqual(digest(shown), expected)) {
      next();
      return;
    }
    res.setHeader('WWW-Authenticate', 'Bearer');
    throw new DomainError('unauthorized', 'The token of the operators is missing or wrong.');
  };
}

/** Tokens of all lengths become comparable, and their lengths do not show. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
