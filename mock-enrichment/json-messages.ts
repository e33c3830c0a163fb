import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { finished } from 'node:stream';

const BODY_LIMIT_BYTES = 10 * 1024;

/** Answers with JSON of a known length. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers: OutgoingHttpHeaders = {}) {
  sendText(response, status, JSON.stringify(body), { 'Content-Type': 'application/json; charset=utf-8', ...headers });
}

/** Answers with a text as it stands, broken JSON included. */
export function sendText(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders) {
  writeHead(response, status, text, headers).end(text);
}

/**
 * Refuses a request of which the rest is of no use: answers with JSON at once, and hangs up when the caller has sent all.
 * A connection that is closed while he sends takes the answer with it (RFC 9112, 9.6). Node.js gives him five minutes
 * (`requestTimeout`).
 */
export function refuseJson(request: IncomingMessage, response: ServerResponse, status: number, body: unknown) {
  const text = JSON.stringify(body);
  const headers = { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' };
  writeHead(response, status, text, headers).write(text);
  finished(request.resume(), () => response.end());
}

function writeHead(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders) {
  return response.writeHead(status, {
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
}

export type JsonBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'caller-gone' }
  | { readonly kind: 'too-large'; readonly limitBytes: number };

/**
 * Reads a JSON body of at most 10 KiB, whatever its content type says: `curl -d` calls JSON a form. What is left of a
 * greater one is not read.
 */
export async function readJson(request: IncomingMessage): Promise<JsonBody> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  try {
    // A request that is destroyed leaves its rest in the way of the next one on its connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      lengthBytes += chunk.length;
      if (lengthBytes > BODY_LIMIT_BYTES) return { kind: 'too-large', limitBytes: BODY_LIMIT_BYTES };
      chunks.push(chunk);
    }
  } catch (error) {
    if (request.errored !== error) throw error;
    return { kind: 'caller-gone' };
  }
  return parse(Buffer.concat(chunks).toString('utf8'));
}

function parse(text: string): JsonBody {
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return { kind: 'malformed' };
  }
}
