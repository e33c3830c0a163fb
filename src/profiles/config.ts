import Joi, { type CustomHelpers } from 'joi';
import type { Env } from '../platform/config/env.ts';
import { parseSettings } from '../platform/config/parse-config.ts';
import type { DatabaseConfig } from '../platform/database/database-config.ts';
import { type DatabaseLocation, parseDatabaseUrl } from '../platform/database/database-url.ts';
import type { ServiceHostConfig } from '../platform/http/service-host.ts';
import { type ProxyTrust, parseProxyTrust } from '../platform/http/proxy-trust.ts';
import { type LogLevel, logLevels } from '../platform/telemetry/logger.ts';
import type { EnrichmentConfig } from './enrichment/enrichment-config.ts';

export interface ProfilesConfig extends ServiceHostConfig {
  readonly database: DatabaseConfig;
  readonly enrichment: EnrichmentConfig;
  readonly idempotencyTtlMs: number;
  readonly logLevel: LogLevel;
  /** Null: what instances could share, each keeps for itself. */
  readonly redisUrl: string | null;
  /** Where traces go, without `/v1/traces`; null: none are made. */
  readonly otlpEndpoint: string | null;
  /** Of the sources that this was built from. */
  readonly revision: string;
}

interface DatabaseSettings {
  DATABASE_URL: DatabaseLocation;
  DATABASE_POOL_MAX: number;
  DATABASE_QUERY_TIMEOUT_MS: number;
  DATABASE_BREAKER_FAILURES: number;
  DATABASE_QUEUE_MAX: number;
  DATABASE_QUEUE_TIMEOUT_MS: number;
}

interface Settings extends DatabaseSettings {
  PORT: number;
  HOST: string;
  ENRICHMENT_URL: string;
  ENRICHMENT_ATTEMPT_TIMEOUT_MS: number;
  ENRICHMENT_DEADLINE_MS: number;
  ENRICHMENT_MAX_CONCURRENT: number;
  ENRICHMENT_BREAKER_VOLUME: number;
  ENRICHMENT_BREAKER_WINDOW_MS: number;
  ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES: number;
  ENRICHMENT_BREAKER_RESET_MS: number;
  IDEMPOTENCY_TTL_HOURS: number;
  LOG_LEVEL: LogLevel;
  SHUTDOWN_DRAIN_MS: number;
  SHUTDOWN_GRACE_MS: number;
  TRUST_PROXY?: ProxyTrust;
  RATE_LIMIT_PER_MINUTE?: number;
  REDIS_URL?: string;
  CORS_ORIGINS?: readonly string[];
  OPS_TOKEN?: string;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  BUILD_REVISION: string;
}

const durationMs = Joi.number().integer().min(1).max(3_600_000);
const count = Joi.number().integer().min(1).max(100_000);

const databaseKeys = {
  DATABASE_URL: Joi.string()
    .custom(databaseLocation)
    .required()
    .description('`sqlite:<path>`, `mysql://user:password@host:port/database`, or `mariadb://…`'),
  DATABASE_POOL_MAX: count.default(10).description('Connections to the database at most'),
  DATABASE_QUERY_TIMEOUT_MS: durationMs
    .default(3_000)
    .description('How long a query, or a change with all its statements and retries, may take'),
  DATABASE_BREAKER_FAILURES: count
    .default(5)
    .description('Failures in a row after which the database is not asked for two seconds'),
  DATABASE_QUEUE_MAX: count.default(100).description('Reads and changes that may wait for a connection'),
  DATABASE_QUEUE_TIMEOUT_MS: durationMs.default(2_000).description('How long they may wait before they are refused'),
};

/** Every environment variable of the service. The README's table is held against it by a test. */
export const profilesSettings = Joi.object<Settings>({
  PORT: Joi.number().port().default(8080).description('Port of the API'),
  HOST: Joi.string().hostname().default('0.0.0.0').description('Address the API listens on'),
  ...databaseKeys,
  ENRICHMENT_URL: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .custom(baseUrl)
    .required()
    .description('Address of the enrichment provider'),
  ENRICHMENT_ATTEMPT_TIMEOUT_MS: durationMs.default(500).description('How long one attempt at the provider may take'),
  ENRICHMENT_DEADLINE_MS: durationMs
    .default(3_000)
    .description('How long a call to the provider may take, retries included'),
  ENRICHMENT_MAX_CONCURRENT: count.default(100).description('Calls to the provider at once at most'),
  ENRICHMENT_BREAKER_VOLUME: count
    .default(5)
    .description('Calls in the window before the error share can open the breaker'),
  ENRICHMENT_BREAKER_WINDOW_MS: durationMs.min(10).default(10_000).description('The window in which calls are counted'),
  ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES: count.default(5).description('Failures in a row that open the breaker'),
  ENRICHMENT_BREAKER_RESET_MS: durationMs
    .default(10_000)
    .description('How long an open breaker waits before its probe'),
  IDEMPOTENCY_TTL_HOURS: Joi.number()
    .integer()
    .min(1)
    .max(8_760)
    .default(24)
    .description('How long the answer to a request with an `Idempotency-Key` is kept'),
  LOG_LEVEL: Joi.string()
    .valid(...logLevels)
    .default('info')
    .description('Least level that is logged'),
  SHUTDOWN_DRAIN_MS: durationMs
    .min(0)
    .default(5_000)
    .description('How long requests are still taken at a stop, until load balancers have seen `/ready` say no'),
  SHUTDOWN_GRACE_MS: durationMs
    .default(15_000)
    .description('How long a stop may take in all, at least two seconds more than the drain; then what runs is cut'),
  TRUST_PROXY: Joi.string()
    .custom(proxyTrust)
    .description('Proxies whose `X-Forwarded-For` is believed: how many hops, or their addresses (`10.0.0.0/8, ::1`)'),
  RATE_LIMIT_PER_MINUTE: Joi.number()
    .integer()
    .min(1)
    .max(1_000_000)
    .description('Requests to `/api` that a client address may send in a minute'),
  REDIS_URL: Joi.string()
    .uri({ scheme: ['redis', 'rediss'] })
    .description('`redis://user:password@host:port/0`, where instances keep what they share'),
  CORS_ORIGINS: Joi.string()
    .custom(originList)
    .description('Web origins whose pages may call the API, by comma (`https://app.example`)'),
  OPS_TOKEN: Joi.string()
    .pattern(/^[\x21-\x7e]{16,256}$/)
    .description('Bearer token, 16 characters at least, for `/metrics`'),
  OTEL_EXPORTER_OTLP_ENDPOINT: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .custom(otlpBaseUrl)
    .description('Where traces are sent, by OTLP over HTTP (`http://localhost:4318`)'),
  BUILD_REVISION: Joi.string()
    .pattern(/^[\w.+-]{1,64}$/)
    .default('unknown')
    .description('What was built, such as a commit; a label of `service_build_info`'),
});

/** Each of these must not be less than the one behind it. */
const orders: readonly (readonly [keyof Settings, keyof Settings])[] = [
  // Calls that began before the breaker opened should have ended when the probe decides, or both burden the provider.
  ['ENRICHMENT_BREAKER_RESET_MS', 'ENRICHMENT_DEADLINE_MS'],
  ['ENRICHMENT_DEADLINE_MS', 'ENRICHMENT_ATTEMPT_TIMEOUT_MS'],
];

/** A stop that ends with the drain would cut requests that it has just taken: a second for them, and one to close. */
const graceBeyondDrainMs = 2_000;

/** What a tool needs that works on the database alone. @throws ConfigurationError with every problem at once */
export function databaseConfig(env: Env): DatabaseConfig {
  return toDatabaseConfig(parseSettings(Joi.object<DatabaseSettings>(databaseKeys), env));
}

/** @throws ConfigurationError with every problem at once */
export function profilesConfig(env: Env): ProfilesConfig {
  const settings = parseSettings(profilesSettings, env, orderProblems);
  const enrichment: EnrichmentConfig = {
    url: settings.ENRICHMENT_URL,
    attemptTimeoutMs: settings.ENRICHMENT_ATTEMPT_TIMEOUT_MS,
    deadlineMs: settings.ENRICHMENT_DEADLINE_MS,
    maxConcurrent: settings.ENRICHMENT_MAX_CONCURRENT,
    breaker: {
      volume: settings.ENRICHMENT_BREAKER_VOLUME,
      windowMs: settings.ENRICHMENT_BREAKER_WINDOW_MS,
      consecutiveFailures: settings.ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES,
      resetMs: settings.ENRICHMENT_BREAKER_RESET_MS,
    },
  };
  return Object.freeze({
    host: settings.HOST,
    port: settings.PORT,
    database: toDatabaseConfig(settings),
    idempotencyTtlMs: settings.IDEMPOTENCY_TTL_HOURS * 3_600_000,
    enrichment: Object.freeze({ ...enrichment, breaker: Object.freeze(enrichment.breaker) }),
    logLevel: settings.LOG_LEVEL,
    shutdownDrainMs: settings.SHUTDOWN_DRAIN_MS,
    shutdownGraceMs: settings.SHUTDOWN_GRACE_MS,
    proxyTrust: settings.TRUST_PROXY ?? null,
    rateLimitPerMinute: settings.RATE_LIMIT_PER_MINUTE ?? null,
    redisUrl: settings.REDIS_URL ?? null,
    corsOrigins: Object.freeze(settings.CORS_ORIGINS ?? []),
    opsToken: settings.OPS_TOKEN ?? null,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    revision: settings.BUILD_REVISION,
  });
}

function toDatabaseConfig(settings: DatabaseSettings): DatabaseConfig {
  return Object.freeze({
    location: Object.freeze(settings.DATABASE_URL),
    poolMax: settings.DATABASE_POOL_MAX,
    queryTimeoutMs: settings.DATABASE_QUERY_TIMEOUT_MS,
    breakerFailures: settings.DATABASE_BREAKER_FAILURES,
    queueMax: settings.DATABASE_QUEUE_MAX,
    queueTimeoutMs: settings.DATABASE_QUEUE_TIMEOUT_MS,
  });
}

function databaseLocation(text: string, helpers: CustomHelpers) {
  try {
    return parseDatabaseUrl(text);
  } catch (error) {
    return helpers.message({ custom: `{{#label}} ${error instanceof Error ? error.message : 'cannot be read'}` });
  }
}

function proxyTrust(text: string, helpers: CustomHelpers) {
  return (
    parseProxyTrust(text) ??
    helpers.message({ custom: '{{#label}} must be a number of hops or a list of IP addresses and networks' })
  );
}

function originList(text: string, helpers: CustomHelpers) {
  const origins = text.split(',').map((part) => part.trim());
  // An origin with a path, or in another spelling, equals none that a browser sends.
  return origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)
    ? Object.freeze(origins)
    : helpers.message({ custom: '{{#label}} must be origins like https://app.example, by comma' });
}

/** Paths are appended to it, so nothing may stand behind its own. */
function baseUrl(text: string, helpers: CustomHelpers) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && url.search === '' && url.hash === ''
    ? text
    : helpers.message({ custom: '{{#label}} must be an address without query and fragment' });
}

/** That of all signals. The path of one is appended to it, and often given by mistake. */
function otlpBaseUrl(text: string, helpers: CustomHelpers) {
  return /\/v1\/traces\/*$/.test(text)
    ? helpers.message({ custom: '{{#label}} must not end in /v1/traces, which is appended to it' })
    : baseUrl(text, helpers);
}

function orderProblems(settings: Partial<Settings>): string[] {
  const problems = orders
    .filter(([name, other]) => Number(settings[name]) < Number(settings[other]))
    .map(([name, other]) => `${name} must not be less than ${other}`);
  // A setting that is wrong by itself is not there, and NaN is not less.
  if (Number(settings.SHUTDOWN_GRACE_MS) < Number(settings.SHUTDOWN_DRAIN_MS) + graceBeyondDrainMs) {
    problems.push(`SHUTDOWN_GRACE_MS must be at least ${graceBeyondDrainMs} more than SHUTDOWN_DRAIN_MS`);
  }
  return problems;
}
