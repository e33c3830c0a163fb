import { describe, expect, it } from '@jest/globals';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';

describe('parseDatabaseUrl', () => {
  it.each([
    ['sqlite:data/profiles.sqlite', 'data/profiles.sqlite'],
    ['sqlite:/var/lib/p.sqlite', '/var/lib/p.sqlite'],
    ['sqlite:///var/lib/p.sqlite', '/var/lib/p.sqlite'],
    ['sqlite:./p 1.sqlite', './p 1.sqlite'],
  ])('reads %s as the file %s', (url, path) => {
    expect(parseDatabaseUrl(url)).toEqual({ engine: 'sqlite', path });
  });

  it('reads a server with all its parts, percent-encoded where needed', () => {
    expect(parseDatabaseUrl('mysql://us%40er:p%3A%2Fw@db.internal:3307/profiles')).toEqual({
      engine: 'mysql',
      host: 'db.internal',
      port: 3307,
      username: 'us@er',
      password: 'p:/w',
      database: 'profiles',
    });
    expect(parseDatabaseUrl('mariadb://root@[::1]/x')).toMatchObject({ host: '::1', port: 3306, password: '' });
  });

  it.each([
    '',
    'sqlite:',
    'sqlite::memory:',
    'postgres://h/db',
    'mysql://h',
    'mysql://h/',
    'mysql://h/a/b',
    'mysql://h/%zz',
    '/tmp/x',
  ])('refuses %j without repeating it', (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow(/^(must|has)/);
  });
});
