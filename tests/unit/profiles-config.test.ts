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
      },
      idempotencyTtlMs: 86_400_000,
      enrichment: {
        url: 'http://provider.example',
        attemptTimeoutMs: 500,
        deadlineMs: 3000,
        maxConcurrent: 100,
        breaker: { volume: 5, windowMs: 10_000, consecutiveFailures: 5, resetMs: 10_000 },
      },
      logLevel: 'info',
      shutdownGraceMs: 15_000,
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
});
