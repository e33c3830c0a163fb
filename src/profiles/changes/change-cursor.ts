import { pointerTo, ValidationError } from '../../platform/validation-error.ts';

/** Opaque to clients: the number of the change behind which the next page begins. */
export function encodeChangeCursor(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url');
}

/** @throws ValidationError when the text is no cursor of ours */
export function decodeChangeCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString();
  const seq = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
  // The decoder passes over what does not belong to the alphabet.
  if (seq === null || encodeChangeCursor(seq) !== cursor) {
    const detail = 'is not a cursor that this API has given out';
    throw new ValidationError([{ pointer: pointerTo('query', 'cursor'), detail }]);
  }
  return seq;
}
