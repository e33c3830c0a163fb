import { describe, expect, it } from '@jest/globals';
import { seedUser } from '../../../src/profiles/seed/seed-user.ts';
import { parseSeedCommand } from '../../../src/profiles/seed/seed-command.ts';
import { createUserSchema } from '../../../src/profiles/users/user-schemas.ts';
import { emailKey } from '../../../src/profiles/users/text-keys.ts';

const users = Array.from({ length: 3_000 }, (_, n) => seedUser(n));

describe('A user of the seed', () => {
  it('is always the same', () => {
    expect(seedUser(17)).toEqual(seedUser(17));
    expect(seedUser(17)).not.toEqual(seedUser(18));
  });

  it('is taken by the API as it is', () => {
    for (const { id, content } of users) {
      const { value, error } = createUserSchema.validate({ id, ...content }, { convert: true });
      expect(error).toBeUndefined();
      expect(value).toEqual({ id, ...content });
    }
  });

  it('shares neither its id nor its e-mail address with another', () => {
    expect(new Set(users.map(({ id }) => id)).size).toBe(users.length);
    expect(new Set(users.map(({ content }) => emailKey(content.email))).size).toBe(users.length);
  });

  it('differs from others in script, length and what it has', () => {
    const names = users.map(({ content }) => content.name);
    for (const script of ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Devanagari', 'Han', 'Hiragana', 'Hangul']) {
      expect(names.filter((name) => new RegExp(`\\p{Script=${script}}`, 'u').test(name)).length).toBeGreaterThan(30);
    }
    expect(Math.min(...names.map((name) => name.length))).toBeLessThanOrEqual(3);
    expect(Math.max(...names.map((name) => name.length))).toBeGreaterThan(30);

    const shareOf = (has: (user: (typeof users)[number]) => boolean) => users.filter(has).length / users.length;
    expect(shareOf(({ content }) => content.phone === null)).toBeCloseTo(0.3, 1);
    expect(shareOf(({ content }) => content.displayName === null)).toBeCloseTo(0.4, 1);
    expect(shareOf(({ content }) => Object.keys(content.metadata).length === 0)).toBeCloseTo(0.15, 1);
  });
});

describe('The command line of the seed', () => {
  it('has a count, and takes a database', () => {
    expect(parseSeedCommand([])).toEqual({ count: 10_000, databaseUrl: null });
    expect(parseSeedCommand(['--count', '5', '--database-url', 'sqlite:a'])).toEqual({
      count: 5,
      databaseUrl: 'sqlite:a',
    });
  });

  it.each([
    ['--count', '0'],
    ['--count', '1.5'],
    ['--count', 'many'],
    ['more'],
    ['--rows', '5'],
  ])('is refused when it says %s %s', (...args) => {
    expect(parseSeedCommand(args)).toBeNull();
  });
});
