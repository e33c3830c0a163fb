import type { ServerResponse } from 'node:http';
import type { Answer } from '../idempotency/answer.ts';
import { headersOfAnswer, writeHeaders } from './answer-headers.ts';

/** An answer with all that can be known of it beforehand, to be sent any number of times. */
export interface PreparedAnswer {
  readonly status: number;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  /** The body, one character for each byte. */
  readonly bytes: string;
}

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

export function prepareAnswer({ status, headers, body }: Answer): PreparedAnswer {
  const lengthBytes = Buffer.byteLength(body);
  const list: string[] = [];
  for (const name of Object.keys(headers)) list.push(name, headers[name] ?? '');
  if (lengthBytes > 0) list.push('Content-Length', String(lengthBytes));
  // Node.js takes longer over encoding a text as it sends it than over this and the copy of what comes out.
  const bytes = lengthBytes === body.length ? body : Buffer.from(body).toString('latin1');
  return { status, headers: list, bytes };
}

/**
 * Sends an answer as it is.
 *
 * The text goes straight to the socket with its length: Express's own `res.json` would hash every body for an ETag
 * that nobody asked for. As long as nothing else has been set for this answer, all its headers are written in one go.
 */
export function sendPrepared(res: ServerResponse, { status, headers, bytes }: PreparedAnswer): void {
  if (res.getHeaderNames().length === 0) {
    writeHeaders(res, status, headersOfAnswer(res, headers));
  } else {
    res.statusCode = status;
    for (let at = 0; at < headers.length; at += 2) res.setHeader(headers[at] ?? '', headers[at + 1] ?? '');
  }
  // As a text it goes out in one piece with the headers.
  res.end(bytes, 'latin1');
}

/** Sends an answer that is given but once. */
export function sendAnswer(res: ServerResponse, answer: Answer): void {
  sendPrepared(res, prepareAnswer(answer));
}

/** For an answer that somebody else will give. */
export function setHeaders(res: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
}

/** Answers with `value` as JSON. */
export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  sendAnswer(res, jsonAnswer(status, value));
}
