import { describe, expect, it } from '@jest/globals';
import { parseEnrichmentData } from '../../../src/profiles/enrichment/enrichment-answer.ts';

const nested = (levels: number): string => '{"a":'.repeat(levels) + '{}' + '}'.repeat(levels);

describe('what the provider answered', () => {
  it.each(['{}', '{"segment":"gold","score":0.5,"tags":["a",null,{"b":true}]}'])('is data when it is %s', (text) => {
    expect(parseEnrichmentData(text)).toEqual(JSON.parse(text));
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
    '<html>',
  ])('is nothing when it is %s', (text) => expect(parseEnrichmentData(text)).toBeNull());

  it('may have keys that are names of a prototype, which stay plain keys', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}';
    const data = parseEnrichmentData(text);
    expect(JSON.stringify(data)).toBe(text);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect({}).not.toHaveProperty('polluted');
  });

  it('is nothing when it is too deep to be written again', () => {
    const deepest = parseEnrichmentData(nested(99));
    expect(JSON.stringify(deepest)).toBe(nested(99));
    expect(parseEnrichmentData(nested(100))).toBeNull();
    expect(parseEnrichmentData(nested(10_000))).toBeNull();
    expect(parseEnrichmentData(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`)).toBeNull();
  });
});
