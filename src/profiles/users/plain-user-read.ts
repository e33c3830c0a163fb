import type { IncomingMessage } from 'node:http';
import { userIdPattern } from './user.ts';

const prefix = '/api/users/';
/** One entity tag of a version, weak or strong, or `*`. */
const plainTag = /^(?:\*|(?:W\/)?"\d{1,15}")$/;
/** One of a list: JSON, or everything. */
const wantsJson = /(?:^|,)[ \t]*(?:application\/json|\*\/\*)[ \t]*(?:,|$)/;

/**
 * The id of the user that a request asks for in so plain a way that nothing can be wrong with it: `GET /api/users/<id>`,
 * and `suffix` behind it, without a query, whose answer may be JSON, with at most one entity tag that the client knows. Whatever else there is,
 * an odd header included, is for the routes and their validation.
 *
 * @returns null when it is any other request
 */
export function plainUserReadOf(
  { method, url = '', headers }: IncomingMessage,
  suffix: '' | '/enriched',
): string | null {
  if (method !== 'GET' || !url.startsWith(prefix) || !url.endsWith(suffix)) return null;
  const id = url.slice(prefix.length, url.length - suffix.length);
  if (!userIdPattern.test(id)) return null;
  const { accept = '*/*', 'if-none-match': ifNoneMatch } = headers;
  // A weight may be zero, which rules out what it stands behind.
  if (accept !== '*/*' && (accept.includes(';') || !wantsJson.test(accept))) return null;
  if (ifNoneMatch !== undefined && !plainTag.test(ifNoneMatch)) return null;
  return headers['if-match'] === undefined && hasNoBody(headers) ? id : null;
}

function hasNoBody(headers: IncomingMessage['headers']): boolean {
  return (
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined
  );
}
