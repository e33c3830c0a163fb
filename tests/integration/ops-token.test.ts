import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../helpers/engines.ts';
import { expectConforms } from '../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const token = 'hostile-test-operators-token';

describe('The token of the operators', () => {
  let profiles: RunningProfiles;

  beforeAll(async () => {
    profiles = await startProfiles(sqlite, { OPS_TOKEN: token });
  });
  afterAll(async () => await profiles.stop());

  /** The status line and headers of the answer to a request for `/metrics` with these lines among its headers. */
  async function ask(...lines: readonly string[]): Promise<string> {
    const socket = connect(Number(new URL(profiles.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const all = ['GET /metrics HTTP/1.1', 'Host: a', 'Connection: close', ...lines, '', ''];
    socket.write(all.join('\r\n'), 'latin1');
    return (await text(socket)).split('\r\n\r\n')[0] ?? '';
  }

  it.each([
    ['as it is', `Bearer ${token}`],
    // RFC 9110, section 11.1: the scheme's case does not matter.
    ['with the scheme in small letters', `bearer ${token}`],
    ['with the scheme in capitals and more spaces', `BEARER   ${token}  `],
  ])('opens when it is shown %s', async (_how, value) => {
    expect(await ask(`Authorization: ${value}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['not at all', []],
    ['empty', ['Authorization: ']],
    ['without its scheme', [`Authorization: ${token}`]],
    ['with nothing behind the scheme', ['Authorization: Bearer']],
    ['under another scheme', [`Authorization: Basic ${Buffer.from(`:${token}`).toString('base64')}`]],
    ['in part', [`Authorization: Bearer ${token.slice(0, -1)}`]],
    ['with more behind it', [`Authorization: Bearer ${token}x`]],
    ['with another one', [`Authorization: Bearer ${token} ${token}`]],
    ['in other case', [`Authorization: Bearer ${token.toUpperCase()}`]],
    ['quoted', [`Authorization: Bearer "${token}"`]],
    ['with a letter beyond ASCII', [`Authorization: Bearer ${token}\xe9`]],
    ['in ten thousand letters', [`Authorization: Bearer ${'x'.repeat(10_000)}`]],
    ['twice', [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`]],
    ['before a wrong one', [`Authorization: Bearer ${token}`, 'Authorization: Bearer x']],
    ['behind a wrong one', ['Authorization: Bearer x', `Authorization: Bearer ${token}`]],
    ['in a cookie', [`Cookie: token=${token}`]],
    ['for a proxy', [`Proxy-Authorization: Bearer ${token}`]],
  ])('does not when it is shown %s', async (_how, lines) => {
    const head = await ask(...lines);

    expect(head).toMatch(/^HTTP\/1\.1 401 /);
    expect(head).toContain('WWW-Authenticate: Bearer');
  });

  it('does not when it stands in the address, where logs would keep it', async () => {
    for (const query of [`access_token=${token}`, `token=${token}`]) {
      const response = await fetch(`${profiles.url}/metrics?${query}`);
      const headers = Object.fromEntries(response.headers);
      expect(response.status).toBe(401);
      expectConforms({ method: 'GET', path: '/metrics', status: 401, headers, body: await response.text() });
    }
    expect((await fetch(`${profiles.url}/metrics`, { method: 'HEAD' })).status).toBe(401);
  });

  it('is nowhere in the log, right or wrong', () => {
    expect(profiles.logged.filter(({ route }) => route === '/metrics').length).toBeGreaterThan(10);
    expect(JSON.stringify(profiles.logged)).not.toMatch(new RegExp(`${token}|xxxx`, 'i'));
  });
});
