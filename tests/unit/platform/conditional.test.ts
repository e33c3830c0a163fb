import { describe, expect, it } from '@jest/globals';
import { entityTagsOf, isKnownToClient, versionsAllowedBy } from '../../../src/platform/http/conditional.ts';
import { ValidationError } from '../../../src/platform/validation-error.ts';

const request = (value?: string) => ({
  headers: value === undefined ? {} : { 'if-match': value, 'if-none-match': value },
});
const ifMatch = (value?: string) => versionsAllowedBy(entityTagsOf(request(value), 'If-Match'));
const ifNoneMatch = (value: string | undefined, version: number) =>
  isKnownToClient(entityTagsOf(request(value), 'If-None-Match'), version);

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    ['"3"', [3]],
    ['"3", "4" ,"5"', [3, 4, 5]],
    ['W/"3"', []],
    ['"abc"', []],
    ['"03"', []],
    ['"3,4"', []],
  ])('%j allows the versions %j', (header, versions) => {
    expect(ifMatch(header)).toEqual(versions);
  });

  it('reads as many tags as the headers have room for', () => {
    const tags = Array.from({ length: 500 }, (_, index) => `"${index + 1}"`);
    expect(ifMatch(tags.join(', '))?.at(-1)).toBe(500);
  });

  it.each(['', '3', '"3', '"3" "4"', '"3",', '*, "3"', 'w/"3"'])('%j is refused', (header) => {
    expect(() => ifMatch(header)).toThrow(ValidationError);
  });
});

describe('If-None-Match', () => {
  it.each([
    [undefined, false],
    ['*', true],
    ['"3"', true],
    ['W/"3"', true],
    ['"2", "3"', true],
    ['"2"', false],
    ['"33"', false],
  ])('%j at version 3 is %j', (header, known) => {
    expect(ifNoneMatch(header, 3)).toBe(known);
  });
});
