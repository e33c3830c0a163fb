import { describe, expect, it } from '@jest/globals';
import { ValidationError } from '../../../src/platform/validation-error.ts';
import { decodeCursor, encodeCursor } from '../../../src/profiles/users/user-cursor.ts';

describe('A cursor', () => {
  it('gives back the position it was made of', () => {
    const position = { key: 'zoë "the" 😀', id: 'a~b' };
    expect(decodeCursor(encodeCursor(position, 'name'), 'name')).toEqual(position);
  });

  it('is refused in another sort order', () => {
    const cursor = encodeCursor({ key: 'a', id: 'b' }, 'name');
    expect(() => decodeCursor(cursor, '-name')).toThrow(ValidationError);
  });

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    ['nonsense', 'nonsense'],
    ['no array', encoded({ a: 1 })],
    ['the wrong length', encoded(['createdAt', '2026-01-01T00:00:00.000Z'])],
    ['the wrong types', encoded(['createdAt', 1, 2])],
    ['no time', encoded(['createdAt', 'yesterday', 'id'])],
    ['a year beyond four digits', encoded(['createdAt', '+275760-09-13T00:00:00.000Z', 'id'])],
    ['a year before the first', encoded(['createdAt', '-000001-01-01T00:00:00.000Z', 'id'])],
    ['a year that MySQL does not know', encoded(['createdAt', '0000-01-01T00:00:00.000Z', 'id'])],
    ['an id that cannot be', encoded(['createdAt', '2026-01-01T00:00:00.000Z', 'ü😀'])],
  ])('that is %s is refused', (_what, cursor) => {
    expect(() => decodeCursor(cursor, 'createdAt')).toThrow(ValidationError);
  });
});
