import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import type { Target } from './target.ts';

const problemCodes = [
  'validation-failed',
  'malformed-json',
  'user-not-found',
  'route-not-found',
  'method-not-allowed',
  'not-acceptable',
  'user-id-taken',
  'email-taken',
  'version-conflict',
  'body-too-large',
  'unsupported-media-type',
  'internal-error',
  'database-unavailable',
  'overloaded',
];

export function describeOperations({ api }: Target): void {
  describe('Operations', () => {
    it('GET /health says that the process lives', async () => {
      const answer = await api.send('GET', '/health');
      expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
      expect(answer.json).toEqual({
        status: 'healthy',
        service: expect.stringMatching(/./),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        uptimeSeconds: expect.any(Number),
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
    });

    it('GET /ready says that the database is there', async () => {
      const answer = await api.send('GET', '/ready');
      expect(answer.json).toMatchObject({ status: 'ready', checks: { database: { status: 'up' } } });
      expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    });

    it('describes the API in YAML and JSON, which say the same', async () => {
      const [yaml, json] = [await api.send('GET', '/openapi.yaml'), await api.send('GET', '/openapi.json')];
      expect(yaml.status).toBe(200);
      expect(json.json).toMatchObject({
        openapi: expect.stringMatching(/^3\.1\./),
        paths: {
          '/api/users': { get: expect.anything(), post: expect.anything() },
          '/api/users/{id}': { get: expect.anything(), put: expect.anything(), delete: expect.anything() },
          '/api/users/{id}/enriched': { get: expect.anything() },
        },
      });
      expect(load(yaml.text)).toEqual(json.json);
    });

    it('shows the description at /api-docs, with everything that the page loads', async () => {
      const entry = await api.send('GET', '/api-docs');
      const page = entry.status === 301 ? await api.send('GET', String(entry.headers.location)) : entry;
      expect(page).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching(/^text\/html/) } });

      const assets = Array.from(
        page.text.matchAll(/(?:src|href)="\.\/(?<file>[^"]+)"/g),
        ({ groups }) => groups?.['file'],
      );
      expect(assets).toContain('swagger-ui-bundle.js');
      for (const asset of assets) expect((await api.send('GET', `/api-docs/${asset}`)).status).toBe(200);
    });

    it.each(problemCodes)('has a page about %s', async (code) => {
      const answer = await api.send('GET', `/problems/${code}`);
      expect(answer).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching(/^text\/html/) } });
      expect(answer.text).toContain(code);
    });

    it.each(['abc-123', 'a'.repeat(128)])("answers with the caller's request id: %s", async (id) => {
      const answer = await api.send('GET', '/health', { headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id']).toBe(id);
    });

    it.each([
      '',
      'a'.repeat(129),
      'a b',
      'a, b',
      '<script>',
    ])('makes a request id of its own instead of: %s', async (id) => {
      const answer = await api.send('GET', '/health', { headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    });

    it('does not say what it is made of', async () => {
      const { headers } = await api.send('GET', '/api/users');
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('server');
      expect(headers['x-content-type-options']).toBe('nosniff');
    });
  });
}
