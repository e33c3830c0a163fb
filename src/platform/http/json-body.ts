import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import { DomainError } from '../domain-error.ts';

const bodyLimitBytes = 100 * 1024;
/** A body over the limit is read to its end, so that the client gets to read the answer, unless it is longer still. */
const drainLimitBytes = 1024 * 1024;

/**
 * Reads a JSON body of one of `mediaTypes` into `req.body`; a request without a body leaves it `undefined`.
 *
 * A wrong type is refused before anything is read, and text that is not UTF-8 before it is parsed: a decoder would
 * put U+FFFD for what it cannot read, and we would store what the client never wrote.
 */
export function jsonBody(method: 'POST' | 'PUT' | 'PATCH', mediaTypes: readonly string[]): RequestHandler[] {
  const accepted = mediaTypes.join(', ');

  const checkMediaType: RequestHandler = (req, res, next) => {
    // What nearly all clients say is not looked into.
    const isPlain = mediaTypes.includes(req.headers['content-type'] ?? '');
    // `is` answers null when there is no body at all, which validation reports in its own words.
    if (!isPlain && req.is([...mediaTypes]) === false) {
      // Accept-Post (W3C LDP) and Accept-Patch (RFC 5789) tell the client what would have been taken.
      if (method !== 'PUT') res.setHeader(method === 'POST' ? 'Accept-Post' : 'Accept-Patch', accepted);
      throw new DomainError('unsupported-media-type', `The body must be ${mediaTypes.join(' or ')}.`);
    }
    next();
  };

  return [
    checkMediaType,
    cutEndlessBody,
    express.json({ type: () => true, strict: false, limit: bodyLimitBytes, verify: requireUtf8 }),
  ];
}

/** The parser answers a body over the limit only when all of it has arrived, which may be never. */
const cutEndlessBody: RequestHandler = (req, res, next) => {
  const refuse = () => {
    res.shouldKeepAlive = false;
    return new DomainError('body-too-large', 'The body has more than 100 KiB.');
  };
  const announcedBytes = Number(req.headers['content-length'] ?? 0);
  // A client that waits to be asked for its body need not send one that is refused.
  const isAwaited = req.httpVersion === '1.1' && /^100-continue$/i.test(req.headers.expect ?? '');
  if (announcedBytes > (isAwaited ? bodyLimitBytes : drainLimitBytes)) throw refuse();
  if (isAwaited) res.writeContinue();

  let receivedBytes = 0;
  const count = (chunk: Buffer) => {
    receivedBytes += chunk.length;
    if (receivedBytes <= drainLimitBytes) return;
    req.off('data', count);
    next(refuse());
  };
  req.on('data', count);
  next();
};

function requireUtf8(_req: unknown, _res: unknown, body: Buffer, charset: string): void {
  if (charset !== 'utf-8')
    throw Object.assign(new Error('JSON is exchanged in UTF-8.'), { type: 'charset.unsupported' });
  if (!isUtf8(body)) throw Object.assign(new Error('The body is not UTF-8.'), { type: 'entity.parse.failed' });
}

/** The parsed body, of which nothing is known yet. */
export function bodyOf(req: Request): unknown {
  return req.body;
}
