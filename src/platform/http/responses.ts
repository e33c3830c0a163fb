import type { Response } from 'express';
import type { Answer } from '../idempotency/answer.ts';

/** `value` as JSON. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  mediaType = 'application/json',
): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Type': `${mediaType}; charset=utf-8` },
    body: JSON.stringify(value),
  };
}

/**
 * Sends an answer as it is.
 *
 * The text goes straight to the socket with its length: Express's own `res.json` would hash every body for an ETag
 * that nobody asked for.
 */
export function sendAnswer(res: Response, { status, headers, body }: Answer): void {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  const bytes = Buffer.from(body);
  if (bytes.length > 0) res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

/** Answers with `value` as JSON. */
export function sendJson(res: Response, status: number, value: unknown): void {
  sendAnswer(res, jsonAnswer(status, value));
}
