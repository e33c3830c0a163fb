import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { type Clock, systemClock } from '../platform/clock.ts';
import type { DatabaseConfig } from '../platform/database/database-config.ts';
import { createMigrator, type Migrator } from '../platform/database/migrator.ts';
import { openDatabase } from '../platform/database/sequelize.ts';
import { createServiceDatabase } from '../platform/database/service-database.ts';
import { createServiceHost, type ServiceHost } from '../platform/http/service-host.ts';
import { IdempotentRequests } from '../platform/http/idempotent-requests.ts';
import { createProblemCatalogue, platformProblems } from '../platform/http/problem-catalogue.ts';
import { recordIdempotency } from '../platform/idempotency/idempotency-metrics.ts';
import { defineIdempotencyModel } from '../platform/idempotency/idempotency-model.ts';
import { type IdempotencyEvent, IdempotentWrites } from '../platform/idempotency/idempotent-writes.ts';
import { startKeyExpiry } from '../platform/idempotency/key-expiry.ts';
import { SequelizeIdempotencyHousekeeping } from '../platform/idempotency/sequelize-idempotency-housekeeping.ts';
import { SequelizeIdempotencyStore } from '../platform/idempotency/sequelize-idempotency-store.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { createRedisConnection } from '../platform/redis/redis-connection.ts';
import type { RedisEvent } from '../platform/redis/redis-events.ts';
import { logRedis } from '../platform/redis/redis-log.ts';
import { recordRedis } from '../platform/redis/redis-metrics.ts';
import { createTelemetry } from '../platform/telemetry/create-telemetry.ts';
import type { LogDestination, Logger } from '../platform/telemetry/logger.ts';
import { traced } from '../platform/telemetry/traced.ts';
import { SequelizeChangeJournal } from './changes/sequelize-change-journal.ts';
import { SequelizeChangeQueries } from './changes/sequelize-change-queries.ts';
import { defineUserChangeModel } from './changes/user-change-model.ts';
import { UserChangesController } from './changes/user-changes-controller.ts';
import { userChangesRoutes } from './changes/user-changes-routes.ts';
import { UserChangesService } from './changes/user-changes-service.ts';
import type { ProfilesConfig } from './config.ts';
import { EnrichedProfileController } from './enrichment/enriched-profile-controller.ts';
import { enrichedProfileRoutes } from './enrichment/enriched-profile-routes.ts';
import { EnrichedProfileService } from './enrichment/enriched-profile-service.ts';
import type { EnrichmentEvent } from './enrichment/enrichment-events.ts';
import { logEnrichment } from './enrichment/enrichment-log.ts';
import { recordEnrichment } from './enrichment/enrichment-metrics.ts';
import { createHttpEnrichmentClient } from './enrichment/http-enrichment-client.ts';
import { migrations } from './migrations/index.ts';
import type { ProfilesRepositories } from './users/profiles-repositories.ts';
import { SequelizeUserQueries } from './users/sequelize-user-queries.ts';
import { SequelizeUserRepository } from './users/sequelize-user-repository.ts';
import { UserController } from './users/user-controller.ts';
import { defineUserModel } from './users/user-model.ts';
import { userProblems } from './users/user-problems.ts';
import { userRoutes } from './users/user-routes.ts';
import { UserService } from './users/user-service.ts';

export { databaseConfig, type ProfilesConfig, profilesConfig, profilesSettings } from './config.ts';

const name = 'user-profile-service';
const { version } = packageJson;
const openApiYaml = new URL('../../openapi.yaml', import.meta.url);

export interface ProfilesOptions {
  /** Whether pending migrations are applied at the start, or are somebody else's step. */
  readonly applyMigrations: boolean;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Where the lines of its own logger go; stdout by default. */
  readonly logDestination?: LogDestination;
}

/** The composition root of the profile service. Before its start it reads `openapi.yaml` and makes the folder of a SQLite
 * file, and opens nothing. */
export function createProfiles(config: ProfilesConfig, options: ProfilesOptions): ServiceHost {
  const clock = options.clock ?? systemClock;
  const problems = createProblemCatalogue(platformProblems, userProblems);
  const telemetry = createTelemetry({
    build: { service: name, version, revision: config.revision },
    logLevel: config.logLevel,
    otlpEndpoint: config.otlpEndpoint,
    logger: options.logger,
    logDestination: options.logDestination,
  });
  const { logger, tracing, metrics, dependencies } = telemetry;
  const lifecycle = createLifecycle();
  // The first to be opened is the last to be closed: until then there is something to tell.
  lifecycle.onStop('traces', () => tracing.close(0.8 * service.stopRemainingMs));

  const database = createServiceDatabase(config.database, {
    telemetry,
    lifecycle,
    openMigrator: () => openMigrator(config.database),
    applyMigrations: options.applyMigrations,
  });
  const userModel = defineUserModel(database.sequelize);
  const changeModel = defineUserChangeModel(database.sequelize);
  const idempotencyModel = defineIdempotencyModel(database.sequelize);
  const unitOfWork = database.unitOfWork<ProfilesRepositories>((transaction) => ({
    users: new SequelizeUserRepository(userModel, transaction),
    changes: new SequelizeChangeJournal(changeModel, transaction),
    idempotency: new SequelizeIdempotencyStore(idempotencyModel, transaction),
  }));

  const idempotencyEvents = telemetry.stream<IdempotencyEvent>();
  recordIdempotency(idempotencyEvents, metrics);
  const housekeeping = new SequelizeIdempotencyHousekeeping(database.sequelize, idempotencyModel);
  const writes = new IdempotentWrites(unitOfWork, housekeeping, {
    events: idempotencyEvents,
    clock,
    ttlMs: config.idempotencyTtlMs,
  });
  const requests = new IdempotentRequests(writes, problems, ({ changes }, changeId) => changes.has(changeId));

  const userQueries = new SequelizeUserQueries(userModel, database.reader);
  const users = traced(tracing, 'users', new UserService(userQueries, clock));
  const changeQueries = new SequelizeChangeQueries(changeModel, database.reader);
  const changes = traced(tracing, 'changes', new UserChangesService(changeQueries, userQueries));

  const enrichmentEvents = telemetry.stream<EnrichmentEvent>();
  logEnrichment(enrichmentEvents, logger);
  recordEnrichment(enrichmentEvents, metrics, dependencies);
  const enrichment = createHttpEnrichmentClient(config.enrichment, { events: enrichmentEvents, tracing });
  lifecycle.onStop('enrichment client', () => enrichment.close());

  const redisEvents = telemetry.stream<RedisEvent>();
  logRedis(redisEvents, logger);
  const redis = config.redisUrl === null ? null : createRedisConnection(config.redisUrl, redisEvents);
  recordRedis(redis, metrics);
  if (redis !== null) lifecycle.onStop('Redis', () => redis.close());

  const { location } = config.database;
  const service = createServiceHost({
    name,
    version,
    config,
    telemetry,
    lifecycle,
    clock,
    database,
    redis,
    problems,
    workingFolder: location.engine === 'sqlite' ? dirname(location.path) : '.',
    openApiYaml: readFileSync(openApiYaml, 'utf8'),
    routers: [
      userRoutes(new UserController(users, requests)),
      userChangesRoutes(new UserChangesController(changes)),
      enrichedProfileRoutes(new EnrichedProfileController(new EnrichedProfileService(users, enrichment))),
    ],
    startWork: () =>
      startKeyExpiry({
        housekeeping,
        clock,
        onError: (err) => logger.warn({ err }, 'Expired idempotency keys could not be deleted'),
      }),
  });
  return service;
}

/** What brings the schema up to date, on a connection of its own. */
export function openMigrator(config: DatabaseConfig): {
  readonly migrator: Migrator;
  readonly close: () => Promise<void>;
} {
  // A step of the schema may take its time.
  const database = openDatabase(config.location, { poolMax: 1, queryTimeoutMs: Number.POSITIVE_INFINITY });
  return { migrator: createMigrator(database.sequelize, migrations), close: () => database.close() };
}
