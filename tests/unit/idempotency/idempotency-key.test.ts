import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseIdempotencyKey } from '../../../src/platform/idempotency/idempotency-key.ts';
import { ValidationError } from '../../../src/platform/validation-error.ts';

const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
const content = fc.array(character, { minLength: 1, maxLength: 255 }).map((characters) => characters.join(''));

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** What the parser says to `values`: the key, or where it sees something wrong. */
function outcome(...values: string[]): unknown {
  try {
    return parseIdempotencyKey(values);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.violations.map(({ pointer }) => pointer);
  }
}

describe('parseIdempotencyKey', () => {
  it.each([
    ['bare', 'abc', 'abc'],
    ['quoted', '"abc"', 'abc'],
    ['a UUID', '8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['one character', '!', '!'],
    ['255 characters', 'k'.repeat(255), 'k'.repeat(255)],
    ['255 characters in quotes', `"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    ['255 characters, all of them escaped', `"${String.raw`\"`.repeat(255)}"`, '"'.repeat(255)],
    ['an escaped quote', String.raw`"a\"b"`, 'a"b'],
    ['an escaped backslash', String.raw`"a\\b"`, String.raw`a\b`],
    ['an escaped backslash before an escaped quote', String.raw`"\\\""`, String.raw`\"`],
    ['a bare comma', 'a,b', 'a,b'],
    ['a bare quote inside', 'a"b', 'a"b'],
    ['a bare backslash', String.raw`a\n`, String.raw`a\n`],
  ])('takes %s', (_name, value, key) => {
    expect(parseIdempotencyKey([value])).toBe(key);
  });

  it.each([
    ['no line', []],
    ['two lines', ['a', 'b']],
    ['two lines that are the same', ['a', 'a']],
    ['two lines joined', ['a, b']],
    ['two quoted lines joined', ['"a", "b"']],
    ['two quoted keys without a blank', ['"a","b"']],
    ['an empty value', ['']],
    ['an empty string', ['""']],
    ['a quote alone', ['"']],
    ['256 characters', ['k'.repeat(256)]],
    ['256 characters in quotes', [`"${'k'.repeat(256)}"`]],
    ['a quote at the start', ['"abc']],
    ['a quote at the end', ['abc"']],
    ['an escape at the end', [String.raw`"abc\"`]],
    ['an unknown escape', [String.raw`"a\n"`]],
    ['a blank', ['a b']],
    ['a blank in quotes', ['"a b"']],
    ['a blank in front', [' a']],
    ['a tab', ['a\tb']],
    ['a line break behind', ['a\n']],
    ['a line break behind quotes', ['"a"\n']],
    ['DEL', ['a\u007f']],
    ['Latin-1', ['ä']],
    ['an emoji in quotes', ['"😀"']],
    ['a parameter', ['"a";b=1']],
  ])('refuses %s', (_name, values) => {
    expect(outcome(...values)).toEqual(['#/header/Idempotency-Key']);
  });

  it('does not repeat what it refuses', () => {
    expect(() => parseIdempotencyKey(['canary canary'])).toThrow(
      expect.objectContaining({
        violations: [expect.not.objectContaining({ detail: expect.stringContaining('canary') })],
      }),
    );
  });

  it('reads any key from its quoted form', () => {
    fc.assert(fc.property(content, (key) => expect(parseIdempotencyKey([quote(key)])).toBe(key)));
  });

  it('reads any key that is bare as it is, unless quotes are at its ends', () => {
    fc.assert(
      fc.property(content, (key) => {
        fc.pre(!key.startsWith('"') && !key.endsWith('"'));
        expect(parseIdempotencyKey([key])).toBe(key);
      }),
    );
  });

  it('answers anything at all with 1 to 255 visible characters or a refusal', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }), (values) => {
        const result = outcome(...values);
        if (typeof result === 'string') expect(result).toMatch(/^[\x21-\x7e]{1,255}$/);
        else expect(result).toEqual(['#/header/Idempotency-Key']);
      }),
    );
  });
});
