import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { plainUserReadOf } from '../../../src/profiles/users/plain-user-read.ts';

const ask = (url: string, headers: IncomingHttpHeaders = {}, method = 'GET'): string | null =>
  plainUserReadOf({ method, url, headers } as IncomingMessage, '');

describe('A read of one user is plain', () => {
  it.each(['ada', 'u-000001', 'a.b_c~d', 'x'.repeat(64)])('when it asks for %s', (id) => {
    expect(ask(`/api/users/${id}`)).toBe(id);
  });

  it('when it asks for what is below the user', () => {
    const read = (url: string) => plainUserReadOf({ method: 'GET', url, headers: {} } as IncomingMessage, '/enriched');
    expect(read('/api/users/ada/enriched')).toBe('ada');
    expect(read('/api/users/ada')).toBeNull();
    expect(read('/api/users/enriched')).toBeNull();
    expect(read('/api/users//enriched')).toBeNull();
    expect(read('/api/users/ada/x/enriched')).toBeNull();
  });

  it.each([
    '/api/users/',
    '/api/users',
    '/api/users/.',
    '/api/users/..',
    '/api/users/ada?x=1',
    '/api/users/ada?',
    '/api/users/ada#x',
    '/api/users/ada/',
    '/api/users/ada/enriched',
    '/api/users/%61da',
    '/api/users/ada%',
    `/api/users/${'x'.repeat(65)}`,
    '/API/users/ada',
    '//api/users/ada',
    'http://localhost/api/users/ada',
    '*',
  ])('not when it asks for %s', (url) => {
    expect(ask(url)).toBeNull();
  });

  it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'])('not by %s', (method) => {
    expect(ask('/api/users/ada', {}, method)).toBeNull();
  });

  it.each([
    '*/*',
    'application/json',
    'application/json, text/plain, */*',
    'text/html,application/json',
    ' application/json , text/html',
  ])('when it accepts %s', (accept) => {
    expect(ask('/api/users/ada', { accept })).toBe('ada');
  });

  it.each([
    '',
    'text/html',
    'application/*',
    'application/jsonx',
    'text/application/json',
    'application/json;q=0',
    'application/json;q=0.5, */*',
    'text/html, */*;q=0.1',
    'application/problem+json',
  ])('not when it accepts %j, which takes a closer look', (accept) => {
    expect(ask('/api/users/ada', { accept })).toBeNull();
  });

  it.each(['*', '"3"', 'W/"3"'])('when it knows %s', (tag) => {
    expect(ask('/api/users/ada', { 'if-none-match': tag })).toBe('ada');
  });

  it.each(['', '3', '"3", "4"', '"a"', 'w/"3"', '"3" ', `"${'9'.repeat(16)}"`])('not when it knows %j', (tag) => {
    expect(ask('/api/users/ada', { 'if-none-match': tag })).toBeNull();
  });

  it.each([
    { 'if-match': '"1"' },
    { 'content-length': '2' },
    { 'transfer-encoding': 'chunked' },
    { expect: 'x' },
  ])('not with %j', (headers) => {
    expect(ask('/api/users/ada', headers)).toBeNull();
  });

  it('is decided at once for the longest header that there can be', () => {
    const accept = `${'application/jsonx,   '.repeat(800)};`;
    const startedAt = performance.now();
    expect(ask('/api/users/ada', { accept: accept.slice(0, -1) })).toBeNull();
    expect(ask('/api/users/ada', { accept })).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
