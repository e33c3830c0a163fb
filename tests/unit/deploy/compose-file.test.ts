import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml';
import { profilesConfig, profilesSettings } from '../../../src/profiles/index.ts';
import { repositoryRoot } from '../../helpers/child-process.ts';
import { readDeployed } from '../../helpers/prometheus-rules.ts';

interface ComposeService {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
}

const schema = CORE_SCHEMA.withTags(mergeTag);
const { services } = load(readFileSync(join(repositoryRoot, 'docker-compose.yml'), 'utf8'), { schema }) as {
  services: Readonly<Record<string, ComposeService>> & { readonly app: ComposeService };
};
const { app } = services;
const observability = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('observability'));

/** What compose makes of `${NAME:-default}`. */
const interpolated = (environment: Readonly<Record<string, string>>, given: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(
    Object.entries(environment)
      .map(
        ([name, value]) =>
          [
            name,
            value.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, key: string, rest: string) => given[key] || rest),
          ] as const,
      )
      .filter(([, value]) => value !== ''),
  );

describe('The compose file', () => {
  it('gives the service settings that it has, with defaults that it takes', () => {
    const environment = app.environment ?? {};
    const { keys } = profilesSettings.describe() as { keys: object };
    expect(Object.keys(environment).filter((name) => !(name in keys))).toEqual([]);
    expect(profilesConfig(interpolated(environment))).toMatchObject({
      redisUrl: 'redis://redis:6379',
      rateLimitPerMinute: null,
      opsToken: null,
      otlpEndpoint: null,
    });
  });

  it('hands on what the operator sets', () => {
    const given = {
      LOG_LEVEL: 'debug',
      WORKERS: '2',
      DATABASE_POOL_MAX: '20',
      DATABASE_REPLICA_URLS: 'mysql://replica/profiles',
      REPLICA_LAG_MS_MAX: '1000',
      CACHE_TTL_SECONDS: '60',
      CACHE_MEMORY_ENTRIES_MAX: '0',
      CACHE_MEMORY_MIB_MAX: '32',
      SERVER_TIMING: 'true',
      RATE_LIMIT_PER_MINUTE: '60',
      TRUST_PROXY: '1',
      CORS_ORIGINS: 'https://app.example',
      OPS_TOKEN: '0123456789abcdef',
      OPS_CONTROLS: 'true',
      SHUTDOWN_DRAIN_MS: '0',
      SHUTDOWN_GRACE_MS: '20000',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318',
    };
    expect(interpolated(app.environment ?? {}, given)).toMatchObject(given);
  });

  it('leaves the service the time that a stop takes, and starts it without Redis or observers', () => {
    const { shutdownGraceMs } = profilesConfig(interpolated(app.environment ?? {}));
    expect(app.stop_grace_period).toMatch(/^\d+s$/);
    expect(Number.parseInt(String(app.stop_grace_period), 10) * 1_000).toBeGreaterThanOrEqual(shutdownGraceMs + 5_000);
    expect(Object.keys(app.depends_on ?? {}).sort()).toEqual(['migrate', 'mock_enrichment_service']);
  });

  it('has observers at pinned versions that this machine alone reaches', () => {
    expect(observability.map(([name]) => name)).toEqual(['prometheus', 'grafana', 'jaeger']);
    for (const [, { image, ports = [] }] of observability) {
      expect(image).toMatch(/:v?\d[\w.]*$/);
      expect(ports).toHaveLength(1);
      expect(ports[0]).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('and what they are configured with name each other by the same names and ports', () => {
    const names = Object.keys(services);
    const hosts = [
      ...readDeployed('prometheus/prometheus.yml').matchAll(/targets: \[(\w+):\d+\]/g),
      ...readDeployed('grafana/provisioning/datasources/datasources.yml').matchAll(/url: http:\/\/(\w+):\d+/g),
    ].map(([, host]) => String(host));
    expect(hosts.sort()).toEqual(['app', 'jaeger', 'localhost', 'prometheus']);
    expect(hosts.filter((host) => host !== 'localhost' && !names.includes(host))).toEqual([]);
  });
});
