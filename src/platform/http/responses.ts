import type { Response } from 'express';

/**
 * Answers with `value` as JSON.
 *
 * The text goes straight to the socket with its length: Express's own `res.json` would hash every body for an ETag
 * that nobody asked for.
 */
export function sendJson(res: Response, status: number, value: unknown, mediaType = 'application/json'): void {
  const body = Buffer.from(JSON.stringify(value));
  res.statusCode = status;
  res.setHeader('Content-Type', `${mediaType}; charset=utf-8`);
  res.setHeader('Content-Length', body.length);
  res.end(body);
}

/** Answers with a status that has no body (204, 304). */
export function sendEmpty(res: Response, status: 204 | 304): void {
  res.statusCode = status;
  res.end();
}
