import { describe, expect, it } from '@jest/globals';
import { ValidationError } from '../../../src/platform/validation-error.ts';
import { decodeChangeCursor, encodeChangeCursor } from '../../../src/profiles/changes/change-cursor.ts';

describe('A cursor of changes', () => {
  it.each([1, 42, 999_999_999_999_999])('gives back the number %d that it was made of', (seq) => {
    expect(decodeChangeCursor(encodeChangeCursor(seq))).toBe(seq);
  });

  const encoded = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    ['empty', ''],
    ['nonsense', 'nonsense'],
    ['zero', encoded('0')],
    ['negative', encoded('-1')],
    ['no integer', encoded('1.5')],
    ['a number in another notation', encoded('0x1')],
    ['a number with a zero in front', encoded('01')],
    ['more than a number holds', encoded('9'.repeat(16))],
    ['followed by a line break', encoded('1\n')],
    ['one of users', encoded('["createdAt","2026-01-01T00:00:00.000Z","id"]')],
    ['one of ours with something in between', 'M.Q'],
    ['one of ours with padding', 'MQ=='],
  ])('that is %s is refused', (_what, cursor) => {
    expect(() => decodeChangeCursor(cursor)).toThrow(ValidationError);
  });
});
