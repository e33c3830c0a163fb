import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

const BODY_LIMIT_BYTES = 10 * 1024;

/** Answers with JSON of a known length. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers: OutgoingHttpHeaders = {}) {
  sendText(response, status, JSON.stringify(body), { 'Content-Type': 'application/json; charset=utf-8', ...headers });
}

/** Answers with a text as it stands, broken JSON included. */
export function sendText(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders) {
  response
    .writeHead(status, {
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    .end(text);
}

export type JsonBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'caller-gone' }
  | { readonly kind: 'too-large'; readonly limitBytes: number };

/** Reads a JSON body of at most 10 KiB, whatever its content type says: `curl -d` calls JSON a form. */
export async function readJson(request: IncomingMessage): Promise<JsonBody> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  try {
    for await (const chunk of request) {
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
