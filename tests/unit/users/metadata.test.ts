import { describe, expect, it } from '@jest/globals';
import { metadataProblem } from '../../../src/profiles/users/metadata.ts';

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

describe('metadataProblem', () => {
  it('allows five levels and 16 KiB, counted in bytes', () => {
    expect(metadataProblem(nested(5) as never)).toBeNull();
    expect(metadataProblem({ a: 'x'.repeat(16 * 1024 - 8) })).toBeNull();
    expect(metadataProblem({ a: 'é'.repeat(8 * 1024 - 4) })).toBeNull();
  });

  it.each([
    ['six levels', nested(6), 'levels'],
    ['six levels through arrays', { a: [[[[[]]]]] }, 'levels'],
    ['a byte more than 16 KiB', { a: 'x'.repeat(16 * 1024 - 7) }, 'bytes'],
    ['a NUL', { a: ['\0'] }, 'NUL'],
    ['a NUL in a key', { 'a\0': 1 }, 'NUL'],
    ['a lone surrogate', { a: { b: '\ud800' } }, 'surrogates'],
    ['a number beyond a double', JSON.parse('{"a":1e400}'), 'double'],
  ])('refuses %s', (_what, metadata, problem) => {
    expect(metadataProblem(metadata as never)).toContain(problem);
  });

  it('refuses what is nested ten thousand levels deep without falling over', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
    expect(metadataProblem(deep)).toContain('levels');
  });
});
