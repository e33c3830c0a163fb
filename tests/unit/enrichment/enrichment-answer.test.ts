import { describe, expect, it } from '@jest/globals';
import { enrichmentJsonIn } from '../../../src/profiles/enrichment/enrichment-answer.ts';

const nested = (levels: number): string => '{"a":'.repeat(levels) + '{}' + '}'.repeat(levels);

describe('what the provider answered', () => {
  it.each([
    '{}',
    '{"segment":"gold","score":0.5,"tags":["a",null,{"b":true}]}',
    '{ "id": 9007199254740993,\n  "big": 12345678901234567890, "huge": 1e400, "price": 1.10 }',
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}',
  ])('is passed on as it came when it is %s', (text) => {
    expect(enrichmentJsonIn(text)).toBe(text);
    expect(enrichmentJsonIn(`\r\n\t ${text} \n`)).toBe(text);
  });

  it.each([
    '',
    'null',
    'true',
    '1',
    '"text"',
    '"{\\"a\\":1}"',
    '[]',
    '[{}]',
    '{"a":',
    '{}{}',
    '{},"version":1,"x":{}',
    '\u00a0{}',
    '<html>',
  ])('is nothing when it is %s', (text) => expect(enrichmentJsonIn(text)).toBeNull());

  it('is nothing when it is too deep to be written by everybody', () => {
    expect(enrichmentJsonIn(nested(99))).toBe(nested(99));
    expect(enrichmentJsonIn(nested(100))).toBeNull();
    expect(enrichmentJsonIn(nested(10_000))).toBeNull();
    expect(enrichmentJsonIn(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`)).toBeNull();
  });
});
