import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { buildUserBody } from '../helpers/build-user.ts';
import { engines } from '../helpers/engines.ts';
import { describeWith } from '../helpers/services.ts';
import { type RunningProfiles, startProfiles } from '../helpers/start-profiles.ts';
import { chromiumMissing, launchChromium } from './chromium.ts';

const timeoutMs = 60_000;

interface PageRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An empty page at an origin of its own. */
async function servePage(): Promise<Server> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html');
    res.end('<!doctype html><title>A page elsewhere</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describeWith(chromiumMissing, 'A page of another origin', () => {
  let listed: Server;
  let unlisted: Server;
  let profiles: RunningProfiles;
  let browser: Browser;
  const pages: Page[] = [];

  beforeAll(async () => {
    [listed, unlisted] = [await servePage(), await servePage()];
    const [sqlite] = engines;
    if (sqlite === undefined) throw new Error('SQLite is always there.');
    profiles = await startProfiles(sqlite, { CORS_ORIGINS: originOf(listed) });
    browser = await launchChromium();
  }, timeoutMs);

  afterAll(async () => {
    await (browser as Browser | undefined)?.close();
    await (profiles as RunningProfiles | undefined)?.stop();
    for (const server of [listed, unlisted]) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function pageAt(server: Server): Promise<Page> {
    const page = await browser.newPage();
    pages.push(page);
    await page.goto(originOf(server));
    return page;
  }

  /** What a script of the page gets to see of an answer, or that it gets an error. */
  async function fetchFrom(page: Page, path: string, init: PageRequest): Promise<object> {
    return await page.evaluate(
      async ({ url, options }) => {
        try {
          const response = await fetch(url, options);
          const { id, code }: { id?: string; code?: string } = JSON.parse(await response.text());
          const [etag, location] = [response.headers.get('etag'), response.headers.get('location')];
          const requestId = response.headers.has('x-request-id');
          return { status: response.status, etag, location, requestId, id, code };
        } catch (error) {
          return { error: error instanceof TypeError };
        }
      },
      { url: profiles.url + path, options: init },
    );
  }

  /** Asks for a preflight by its media type and its headers. */
  const create = (id: string) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': id },
    body: JSON.stringify(buildUserBody({ id })),
  });

  it(
    'that is listed writes, and reads answers, their headers and errors',
    async () => {
      const page = await pageAt(listed);

      expect(await fetchFrom(page, '/api/users', create('from-listed'))).toMatchObject({
        status: 201,
        etag: '"1"',
        location: '/api/users/from-listed',
        requestId: true,
        id: 'from-listed',
      });
      expect(await fetchFrom(page, '/api/users/from-listed', { headers: { 'if-none-match': '"0"' } })).toMatchObject({
        status: 200,
        etag: '"1"',
      });
      const changed = {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: '{"id":1}',
      };
      expect(await fetchFrom(page, '/api/users/from-listed', changed)).toMatchObject({
        status: 400,
        code: 'validation-failed',
      });
    },
    timeoutMs,
  );

  it(
    'that is not listed neither reads nor writes',
    async () => {
      const page = await pageAt(unlisted);

      expect(await fetchFrom(page, '/api/users', {})).toEqual({ error: true });
      expect(await fetchFrom(page, '/api/users', create('from-unlisted'))).toEqual({ error: true });
      const simple = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: create('from-unlisted').body };
      expect(await fetchFrom(page, '/api/users', simple)).toEqual({ error: true });
      expect((await fetch(`${profiles.url}/api/users/from-unlisted`)).status).toBe(404);
    },
    timeoutMs,
  );
});
