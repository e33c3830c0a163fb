import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type CacheCodec,
  readStoredText,
  type StoredText,
  toStoredText,
} from '../../../src/platform/cache/redis-cache-text.ts';

const codec: CacheCodec<string> = {
  encode: (value) => `v${value}`,
  decode: (text) => (text.startsWith('v') ? text.slice(1) : null),
};
const generation = '0123456789abcdef';
const read = (text: string, key = 'a'): StoredText<string> =>
  readStoredText(text, { key, plainKey: key, generation, codec });
const entries = fc.record({
  revision: fc.nat({ max: 999_999_999_999_999 }),
  value: fc.option(fc.string({ unit: 'grapheme' })),
});

describe('An entry as it is stored', () => {
  it('is read as it was written, whatever its value', () => {
    fc.assert(
      fc.property(entries, fc.string(), (entry, key) => {
        expect(read(toStoredText(key, generation, entry, codec), key)).toEqual(entry);
      }),
    );
  });

  it('is never read as another entry when a character of it has changed, or its end is missing', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.string({ minLength: 0, maxLength: 1 }), (entry, at, replacement) => {
        const text = toStoredText('a', generation, entry, codec);
        const index = at % text.length;
        const spoilt = text.slice(0, index) + replacement + text.slice(index + 1);
        fc.pre(spoilt !== text);
        expect(typeof read(spoilt) === 'string' || isSame(read(spoilt), entry)).toBe(true);
        expect(read(text.slice(0, index))).toBe('unreadable');
      }),
    );
  });

  it('is unreadable under another key', () => {
    expect(read(toStoredText('a', generation, { revision: 1, value: 'x' }, codec), 'b')).toBe('unreadable');
  });

  it('is stale in another generation', () => {
    expect(read(toStoredText('a', 'fedc', { revision: 1, value: 'x' }, codec))).toBe('stale');
  });

  it('is a marker when it says only that there was a change', () => {
    expect(read(`1:${generation}:7:-`)).toBe('marker');
  });

  it('is unreadable when its value is not what the codec writes', () => {
    const other = { ...codec, encode: (value: string) => `w${value}` };
    expect(read(toStoredText('a', generation, { revision: 1, value: 'x' }, other))).toBe('unreadable');
  });

  it.each([
    '',
    'x',
    `1:${generation}`,
    `1:${generation}:1`,
    `1:${generation}:x:0:v`,
    `2:${generation}:1:-`,
    `1:${generation}:7:-x`,
    `1:${generation}:1e3:0:`,
    '{"id":1}',
    '\0',
  ])('is unreadable as %j', (text) => {
    expect(read(text)).toBe('unreadable');
  });

  it('never makes its reader throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof read(text)).toBe('string');
      }),
    );
  });
});

/** The checksum may have got a zero in front, or lost none that counts. */
function isSame(read: StoredText<string>, { revision, value }: { revision: number; value: string | null }): boolean {
  return typeof read === 'object' && read.revision === revision && read.value === value;
}
