import { pointerTo, ValidationError } from '../../platform/validation-error.ts';
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
  if (!sort.endsWith('name') && Number.isNaN(Date.parse(key)))
    throw invalid('is not a cursor that this API has given out');
  return { key, id };
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
