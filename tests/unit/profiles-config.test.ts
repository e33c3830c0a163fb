import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/platform/config/parse-config.ts';
import { profilesConfig } from '../../src/profiles/index.ts';

const required = { DATABASE_URL: 'sqlite:x.sqlite', ENRICHMENT_URL: 'http://provider.example' };

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    profilesConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
};

describe('The configuration', () => {
  it('has the defaults of the contract', () => {
    expect(profilesConfig(required)).toEqual({
      host: '0.0.0.0',
      port: 8080,
      database: {
        location: { engine: 'sqlite', path: 'x.sqlite' },
        poolMax: 10,
        queryTimeoutMs: 3000,
        breakerFailures: 5,
        queueMax: 100,
        queueTimeoutMs: 2000,
      },
      replicas: { locations: [], lagMsMax: 5000 },
      idempotencyTtlMs: 86_400_000,
      enrichment: {
        url: 'http://provider.example',
        attemptTimeoutMs: 500,
        deadlineMs: 3000,
        maxConcurrent: 100,
        breaker: { volume: 5, windowMs: 10_000, consecutiveFailures: 5, resetMs: 10_000 },
      },
      cache: { ttlMs: 3_600_000, entriesMax: 10_000, bytesMax: 67_108_864, keyPrefix: 'user-service||user-' },
      logLevel: 'info',
      serverTiming: false,
      workers: 1,
      shutdownDrainMs: 5000,
      shutdownGraceMs: 15_000,
      proxyTrust: null,
      rateLimitPerMinute: null,
      redisUrl: null,
      corsOrigins: [],
      opsToken: null,
      opsControls: false,
      otlpEndpoint: null,
      revision: 'unknown',
    });
  });

  it('cannot be changed once it is read', () => {
    const config = profilesConfig(required);
    expect(
      [config, config.database, config.database.location, config.enrichment, config.enrichment.breaker].every(
        Object.isFrozen,
      ),
    ).toBe(true);
  });

  it('names every problem at once', () => {
    const problems = problemsOf({
      PORT: '80800',
      DATABASE_POOL_MAX: '0',
      LOG_LEVEL: 'loud',
      ENRICHMENT_URL: 'ftp://x',
    });
    const names = ['PORT', 'DATABASE_URL', 'DATABASE_POOL_MAX', 'ENRICHMENT_URL', 'LOG_LEVEL'];
    expect(problems).toHaveLength(names.length);
    for (const name of names) expect(problems.join('\n')).toContain(name);
  });

  it('does not repeat values, which may be secret', () => {
    const problems = problemsOf({ ...required, DATABASE_URL: 'postgres://user:hunter2@db/x' });
    expect(problems.join()).toBe('DATABASE_URL must be sqlite:<path>, mysql://… or mariadb://…');
  });

  it('reads the replicas of DATABASE_REPLICA_URLS', () => {
    const urls = 'mysql://reader:hunter2@one/profiles, mariadb://two:3307/profiles';
    const { replicas } = profilesConfig({
      ...required,
      DATABASE_URL: 'mysql://db/profiles',
      DATABASE_REPLICA_URLS: urls,
      REPLICA_LAG_MS_MAX: '700',
    });
    expect(replicas).toMatchObject({ locations: [{ host: 'one' }, { host: 'two', port: 3307 }], lagMsMax: 700 });
  });

  it.each([
    ['mysql://db/profiles', 'sqlite:x.sqlite', 'DATABASE_REPLICA_URLS must be mysql://… or mariadb://…, by comma'],
    [
      'mysql://db/profiles',
      'mysql://one/profiles,',
      'DATABASE_REPLICA_URLS must be mysql://… or mariadb://…, by comma',
    ],
    [
      'mysql://db/profiles',
      Array.from({ length: 17 }, () => 'mysql://one/x').join(),
      'DATABASE_REPLICA_URLS must be 16 at most',
    ],
    [
      'sqlite:x.sqlite',
      'mysql://u:hunter2@one/profiles',
      'DATABASE_REPLICA_URLS needs a server in DATABASE_URL: SQLite has no replicas',
    ],
  ])('refuses replicas of %s at %s, without repeating the address', (database, urls, problem) => {
    expect(problemsOf({ ...required, DATABASE_URL: database, DATABASE_REPLICA_URLS: urls })).toEqual([problem]);
  });

  it('wants the breaker to stay open for as long as a call can take, and an attempt to take no longer than the call', () => {
    expect(problemsOf({ ...required, ENRICHMENT_DEADLINE_MS: '400', ENRICHMENT_BREAKER_RESET_MS: '399' })).toEqual([
      'ENRICHMENT_BREAKER_RESET_MS must not be less than ENRICHMENT_DEADLINE_MS',
      'ENRICHMENT_DEADLINE_MS must not be less than ENRICHMENT_ATTEMPT_TIMEOUT_MS',
    ]);
    const mixed = { ...required, PORT: 'zz', ENRICHMENT_DEADLINE_MS: '20000' };
    expect(problemsOf(mixed)).toEqual([
      'PORT must be a number',
      'ENRICHMENT_BREAKER_RESET_MS must not be less than ENRICHMENT_DEADLINE_MS',
    ]);
  });

  it.each([
    'http://127.0.0.1:99999',
    'http://host/?key=1',
    'http://host/#x',
    'ftp://host',
  ])('refuses %s as the provider', (url) => {
    expect(problemsOf({ ...required, ENRICHMENT_URL: url }).length).toBeGreaterThan(0);
  });

  it.each([
    ['1', 1],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ])('reads TRUST_PROXY=%s', (text, trust) => {
    expect(profilesConfig({ ...required, TRUST_PROXY: text }).proxyTrust).toEqual(trust);
  });

  it.each([
    'true',
    '0',
    '11',
    '10.0.0.0/33',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/8, ::/00',
    '::1/129',
    'proxy.example',
    '10.0.0.1/',
    '10.0.0.1,',
  ])('refuses TRUST_PROXY=%s, which would believe anybody or nobody', (text) => {
    expect(problemsOf({ ...required, TRUST_PROXY: text })).toHaveLength(1);
  });

  it('has no more room in memory than can be taken at the start', () => {
    const entriesMax = (text: string) => problemsOf({ ...required, CACHE_MEMORY_ENTRIES_MAX: text });
    expect(entriesMax('1000000')).toEqual([]);
    expect(entriesMax('1000001')).toEqual(['CACHE_MEMORY_ENTRIES_MAX must be less than or equal to 1000000']);
  });

  it('reads the origins of CORS_ORIGINS', () => {
    const config = profilesConfig({ ...required, CORS_ORIGINS: 'https://app.example, http://localhost:3000' });
    expect(config.corsOrigins).toEqual(['https://app.example', 'http://localhost:3000']);
  });

  it.each([
    '*',
    'null',
    'app.example',
    'https://app.example/',
    'https://App.example',
    'https://app.example:443',
  ])('refuses CORS_ORIGINS=%s, which equals no origin that a browser sends', (text) => {
    expect(problemsOf({ ...required, CORS_ORIGINS: text })).toHaveLength(1);
  });

  it('wants a token that cannot be guessed, and does not repeat it', () => {
    const problems = problemsOf({ ...required, OPS_TOKEN: 'hunter2' });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('wants a stop to last as long as its drain, and the requests that were taken at its end', () => {
    const stop = (drainMs: number, graceMs: number) =>
      problemsOf({ ...required, SHUTDOWN_DRAIN_MS: `${drainMs}`, SHUTDOWN_GRACE_MS: `${graceMs}` });
    const problem = 'SHUTDOWN_GRACE_MS must be at least 2000 more than SHUTDOWN_DRAIN_MS';
    expect(stop(15_000, 1_000)).toEqual([problem]);
    expect(stop(15_000, 15_000)).toEqual([problem]);
    expect(stop(15_000, 16_999)).toEqual([problem]);
    expect(stop(15_000, 17_000)).toEqual([]);
    expect(stop(0, 2_000)).toEqual([]);
  });

  it.each([
    'http://collector:4318/v1/traces',
    'http://collector:4318/otlp/v1/traces/',
  ])('refuses OTEL_EXPORTER_OTLP_ENDPOINT=%s, to which the path of traces is appended', (text) => {
    expect(problemsOf({ ...required, OTEL_EXPORTER_OTLP_ENDPOINT: text })).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT must not end in /v1/traces, which is appended to it',
    ]);
  });
});
