import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../../helpers/engines.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const folder = new URL('../../../src/profiles/dashboard/page/', import.meta.url);

describe('The dashboard', () => {
  let profiles: RunningProfiles;
  beforeAll(async () => {
    profiles = await startProfiles(sqlite);
  });
  afterAll(async () => await profiles.stop());

  const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    await fetch(`${profiles.url}${path}`, { headers });

  it('is a page that may do no more than load and ask this server', async () => {
    const page = await get('/dashboard');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = page.headers.get('content-security-policy')?.split(';');
    expect(new Set(policy)).toEqual(
      new Set([
        "default-src 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
      ]),
    );
  });

  it('names files that are all there, and has no script or style in itself', async () => {
    const html = await (await get('/dashboard')).text();
    expect(html).not.toMatch(/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/);
    const paths = Array.from(html.matchAll(/(?:src|href)="(\/[^"#]+)"/g), ([, path = '']) => path);
    const styles = readdirSync(folder).filter((name) => name.endsWith('.css'));
    expect(new Set(paths.filter((path) => path.endsWith('.css')))).toEqual(
      new Set(styles.map((name) => `/dashboard/${name}`)),
    );
    for (const path of paths) expect([path, (await get(path)).status]).toEqual([path, 200]);
  });

  it('has each file of the folder, with the type that browsers insist on', async () => {
    const types: Record<string, string> = {
      css: 'text/css; charset=utf-8',
      js: 'text/javascript; charset=utf-8',
      svg: 'image/svg+xml',
    };
    const names = readdirSync(folder).filter((name) => name !== 'dashboard.html');
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const file = await get(`/dashboard/${name}`);
      expect([name, file.status, file.headers.get('content-type')]).toEqual([
        name,
        200,
        types[name.split('.').at(-1) ?? ''],
      ]);
      expect(file.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  it.each(['/dashboard', '/dashboard/dashboard.css'])('%s is sent once to a browser that keeps it', async (path) => {
    const entityTag = (await get(path)).headers.get('etag') ?? '';
    const again = await get(path, { 'If-None-Match': entityTag, 'Cache-Control': 'max-age=0' });
    expect([again.status, again.headers.get('cache-control'), await again.text()]).toEqual([
      304,
      'public, max-age=0',
      '',
    ]);
  });

  it.each([
    '/dashboard/',
    '/dashboard/nothing.js',
    '/dashboard/dashboard.html',
    '/dashboard/..%2fcreate-ops.ts',
    '/dashboard/..%ff',
  ])('has nothing at %s, whatever the method', async (path) => {
    for (const method of ['GET', 'OPTIONS', 'POST']) {
      const { status } = await fetch(`${profiles.url}${path}`, { method });
      expect([method, status]).toEqual([method, 404]);
    }
  });
});
