import { domainToASCII } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareText, emailKey, foldCase, prefixEnd, searchKey } from '../../../src/profiles/users/text-keys.ts';

describe('foldCase', () => {
  it.each([
    ['ADA', 'ada'],
    ['Straße', 'STRASSE'],
    ['STRAẞE', 'strasse'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
    ['e\u0301', 'É'],
    ['\u212a', 'k'],
  ])('takes %j and %j for the same', (a, b) => {
    expect(foldCase(a)).toBe(foldCase(b));
  });

  it('keeps accents and dots apart', () => {
    expect(new Set(['jose', 'josé', 'jo.se'].map(foldCase)).size).toBe(3);
  });

  it('takes every character for the same as its upper and lower case', () => {
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point === 0xd800) point = 0xe000;
      const character = String.fromCodePoint(point);
      const forms = [character, character.toLowerCase(), character.toUpperCase()].map(foldCase);
      if (new Set(forms).size > 1) throw new Error(`U+${point.toString(16)} folds to ${forms.join(', ')}`);
    }
  });

  it('folds twice as it folds once', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => foldCase(foldCase(text)) === foldCase(text)));
  });
});

describe('searchKey', () => {
  it('keeps 255 characters, counted as code points', () => {
    expect([...searchKey('😀'.repeat(300))]).toHaveLength(255);
    expect(searchKey('ﬃ'.repeat(255))).toHaveLength(255);
  });
});

describe('emailKey', () => {
  it.each([
    ['Ada.Lovelace+tag@Example.COM', 'ada.lovelace+tag@example.com'],
    ['info@Bücher.example', 'info@xn--bcher-kva.example'],
    ['a"@"b@example.com', 'a"@"b@example.com'],
  ])('makes of %j the key %j', (email, key) => {
    expect(emailKey(email)).toBe(key);
  });

  it.each(['nobody', '@example.com', 'ab.cd'])('has none for %j, which has no domain or nobody in it', (text) => {
    expect(emailKey(text)).toBeNull();
  });

  it('has the domain in the form that IDNA gives it, whatever it looks like', () => {
    const character = fc.constantFrom(...'abcxnXYZ019-.._é');
    const domains = fc.string({ unit: character, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(domains, (domain) => {
        const idna = domainToASCII(domain);
        expect(emailKey(`a@${domain}`)).toBe(idna === '' ? null : `a@${idna}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has none for a domain without an IDNA form', () => {
    expect(emailKey('a@exa mple.com')).toBeNull();
    expect(emailKey('a@example<.com')).toBeNull();
  });
});

describe('prefixEnd', () => {
  it('bounds exactly the texts that start with the prefix, in code point order', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), text, (prefix, other) => {
        const end = prefixEnd(prefix);
        const inRange = compareText(other, prefix) >= 0 && (end === null || compareText(other, end) < 0);
        expect(inRange).toBe(other.startsWith(prefix));
      }),
    );
  });

  it('steps over the surrogates and off the end of Unicode', () => {
    expect(prefixEnd('a\ud7ff')).toBe('a\ue000');
    expect(prefixEnd('a\u{10ffff}')).toBe('b');
    expect(prefixEnd('\u{10ffff}')).toBeNull();
  });
});
