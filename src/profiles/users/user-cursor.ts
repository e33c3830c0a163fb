import { pointerTo, ValidationError } from '../../platform/validation-error.ts';
import { isStorable } from './metadata.ts';
import { userIdPattern } from './user.ts';
import type { UserPosition, UserSort } from './user-queries.ts';

/** Opaque to clients: the position behind which the next page begins, and the order it belongs to. */
export function encodeCursor(position: UserPosition, sort: UserSort): string {
  return Buffer.from(JSON.stringify([sort, position.key, position.id])).toString('base64url');
}

/** @throws ValidationError when the text is no cursor of ours, or one of another order */
export function decodeCursor(cursor: string, sort: UserSort): UserPosition {
  const parts = parse(cursor);
  if (parts === null) throw invalid('is not a cursor that this API has given out');
  const [cursorSort, key, id] = parts;
  if (cursorSort !== sort) throw invalid('belongs to another sort order');
  const isKey = sort === 'name' || sort === '-name' ? isStorable(key) : isTime(key);
  if (!isKey || !userIdPattern.test(id)) throw invalid('is not a cursor that this API has given out');
  return { key, id };
}

/** Times that a database can compare; each has its own idea of years beyond four digits. */
function isTime(text: string): boolean {
  return /^[2-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

function parse(cursor: string): [sort: string, key: string, id: string] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(parts) || parts.length !== 3) return null;
    const [sort, key, id]: unknown[] = parts;
    return typeof sort === 'string' && typeof key === 'string' && typeof id === 'string' ? [sort, key, id] : null;
  } catch {
    return null;
  }
}

function invalid(detail: string): ValidationError {
  return new ValidationError([{ pointer: pointerTo('query', 'cursor'), detail }]);
}
