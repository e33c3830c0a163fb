import { describe, expect, it } from '@jest/globals';
import { banner } from '../../src/main/banner.ts';

describe('The banner', () => {
  it('names the provider without what its address may hold in secret', () => {
    const text = banner({ port: 8080, providerUrl: 'https://svc:s3cret@provider.example/v2', mocked: false });
    expect(text).toMatch(/^ {2}Provider {12}https:\/\/provider\.example\/v2$/m);
    expect(text).not.toMatch(/svc|s3cret/);
  });

  it('leads to the page of the mock', () => {
    const text = banner({ port: 8080, providerUrl: 'http://127.0.0.1:8081', mocked: true });
    expect(text).toMatch(/^ {2}Break the provider {2}http:\/\/localhost:8081\/$/m);
  });
});
