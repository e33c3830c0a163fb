import Joi from 'joi';
import type { Env } from '../platform/config/env.ts';
import { parseSettings } from '../platform/config/parse-config.ts';
import type { DatabaseConfig } from '../platform/database/database-config.ts';
import type { ReplicaConfig } from '../platform/database/database-replicas.ts';
import {
  databaseKeys,
  type DatabaseSettings,
  replicaKeys,
  replicaProblems,
  type ReplicaSettings,
  toDatabaseConfig,
  toReplicaConfig,
} from '../platform/database/database-settings.ts';
import {
  serviceHostKeys,
  type ServiceHostSettings,
  stopProblems,
  toServiceHostConfig,
} from '../platform/http/service-host-settings.ts';
import type { ServiceHostConfig } from '../platform/http/service-host.ts';
import {
  type TelemetryConfig,
  telemetryKeys,
  type TelemetrySettings,
  toTelemetryConfig,
} from '../platform/telemetry/telemetry-settings.ts';
import { workerKeys, type WorkerSettings } from '../platform/workers/worker-settings.ts';
import type { EnrichmentConfig } from './enrichment/enrichment-config.ts';
import {
  enrichmentKeys,
  enrichmentProblems,
  type EnrichmentSettings,
  toEnrichmentConfig,
} from './enrichment/enrichment-settings.ts';
import type { UserCacheConfig } from './users/create-user-cache.ts';
import { toUserCacheConfig, userCacheKeys, type UserCacheSettings } from './users/user-cache-settings.ts';

// A supervisor of workers reads the configuration and nothing else of the service: neither this file nor what it imports
// loads Express or Sequelize.

/** The service's name in logs, metrics, traces and Redis. */
export const serviceName = 'user-profile-service';

export interface ProfilesConfig extends ServiceHostConfig, TelemetryConfig {
  readonly database: DatabaseConfig;
  readonly replicas: ReplicaConfig;
  readonly enrichment: EnrichmentConfig;
  readonly idempotencyTtlMs: number;
  /** Whether answers tell in `Server-Timing` how long their parts took. */
  readonly serverTiming: boolean;
  /** How many processes do the work. */
  readonly workers: number;
  readonly cache: UserCacheConfig;
  /** Null: what instances could share, each keeps for itself. */
  readonly redisUrl: string | null;
  /** Whether operators may change something over HTTP. */
  readonly opsControls: boolean;
}

interface Settings
  extends ServiceHostSettings,
    DatabaseSettings,
    ReplicaSettings,
    EnrichmentSettings,
    UserCacheSettings,
    TelemetrySettings,
    WorkerSettings {
  IDEMPOTENCY_TTL_HOURS: number;
  SERVER_TIMING: boolean;
  REDIS_URL?: string;
  OPS_CONTROLS: boolean;
}

const { PORT, HOST, CORS_ORIGINS, OPS_TOKEN, ...stopAndClientKeys } = serviceHostKeys;
const { LOG_LEVEL, ...traceAndBuildKeys } = telemetryKeys;

/** Every environment variable of the service. The README's table is held against it by a test, in this order. */
export const profilesSettings = Joi.object<Settings>({
  PORT,
  HOST,
  ...databaseKeys,
  ...replicaKeys,
  ...enrichmentKeys,
  IDEMPOTENCY_TTL_HOURS: Joi.number()
    .integer()
    .min(1)
    .max(8_760)
    .default(24)
    .description('How long the answer to a request with an `Idempotency-Key` is kept'),
  ...userCacheKeys,
  LOG_LEVEL,
  SERVER_TIMING: Joi.boolean()
    .default(false)
    .description('Whether reads of a user tell in `Server-Timing` what took how long; `npm start` says `true`'),
  ...workerKeys,
  ...stopAndClientKeys,
  REDIS_URL: Joi.string()
    .uri({ scheme: ['redis', 'rediss'] })
    .description('`redis://user:password@host:port/0`, where instances keep what they share'),
  CORS_ORIGINS,
  OPS_TOKEN,
  OPS_CONTROLS: Joi.boolean()
    .default(false)
    .description('Whether `/dashboard` may hold breakers and change the mock provider; `npm start` says `true`'),
  ...traceAndBuildKeys,
});

/** What a tool needs that works on the database alone. @throws ConfigurationError with every problem at once */
export function databaseConfig(env: Env): DatabaseConfig {
  return toDatabaseConfig(parseSettings(Joi.object<DatabaseSettings>(databaseKeys), env));
}

/** @throws ConfigurationError with every problem at once */
export function profilesConfig(env: Env): ProfilesConfig {
  const settings = parseSettings(profilesSettings, env, problemsBetween);
  return Object.freeze({
    ...toServiceHostConfig(settings),
    ...toTelemetryConfig(settings),
    database: toDatabaseConfig(settings),
    replicas: toReplicaConfig(settings),
    enrichment: toEnrichmentConfig(settings),
    idempotencyTtlMs: settings.IDEMPOTENCY_TTL_HOURS * 3_600_000,
    serverTiming: settings.SERVER_TIMING,
    workers: settings.WORKERS,
    cache: toUserCacheConfig(settings),
    redisUrl: settings.REDIS_URL ?? null,
    opsControls: settings.OPS_CONTROLS,
  });
}

function problemsBetween(settings: Partial<Settings>): readonly string[] {
  return [...enrichmentProblems(settings), ...stopProblems(settings), ...replicaProblems(settings)];
}
