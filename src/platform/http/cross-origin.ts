import cors from 'cors';
import type { RequestHandler } from 'express';

/** How long a browser may remember what a preflight was told; Chromium forgets after two hours anyway. */
const preflightSeconds = 7_200;

/**
 * Lets pages of other origins call the API and read its answers (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol):
 * those that are listed, to the letter. To all others an answer says nothing about it, which to a browser is a no.
 *
 * A preflight is an OPTIONS request like any other, and is answered by the resource, with these headers.
 */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins);
  const share = cors({
    origin: [...origins],
    // No cookies and no passwords of the browser's: the API knows neither.
    credentials: false,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'traceparent',
      'tracestate',
      'X-Request-Id',
    ],
    exposedHeaders: [
      'ETag',
      'Idempotency-Replayed',
      'Link',
      'Location',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'Server-Timing',
      'X-Cache',
      'X-Request-Id',
    ],
    maxAge: preflightSeconds,
    preflightContinue: true,
  });
  return (req, res, next) => {
    // A cache must not hand the answer for one origin to another.
    res.vary('Origin');
    if (allowed.has(req.headers.origin ?? '')) share(req, res, next);
    else next();
  };
}
