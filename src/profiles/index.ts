import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { type Clock, systemClock } from '../platform/clock.ts';
import { createServiceDatabase } from '../platform/database/service-database.ts';
import type { HttpEvent } from '../platform/http/http-events.ts';
import { createLookupHeaders } from '../platform/http/lookup-headers.ts';
import { createProblemCatalogue, platformProblems } from '../platform/http/problem-catalogue.ts';
import { createServiceHost, type ServiceHost } from '../platform/http/service-host.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { createServiceRedis } from '../platform/redis/create-service-redis.ts';
import { createTelemetry } from '../platform/telemetry/create-telemetry.ts';
import type { LogDestination, Logger } from '../platform/telemetry/logger.ts';
import { traced } from '../platform/telemetry/traced.ts';
import type { SupervisorLink } from '../platform/workers/supervisor-link.ts';
import { createUserChanges } from './changes/create-user-changes.ts';
import { type ProfilesConfig, serviceName } from './config.ts';
import { createOps } from './dashboard/create-ops.ts';
import { opsProblems } from './dashboard/ops-problems.ts';
import { createEnrichedProfiles } from './enrichment/create-enriched-profiles.ts';
import { openMigrator } from './migrations/open-migrator.ts';
import { createProfilesWrites } from './users/create-profiles-writes.ts';
import { createUserReads } from './users/create-user-reads.ts';
import { defineProfilesModels } from './users/profiles-models.ts';
import { UserController } from './users/user-controller.ts';
import { userHotPath } from './users/user-hot-path.ts';
import { userProblems } from './users/user-problems.ts';
import { userRoutes } from './users/user-routes.ts';
import { UserService } from './users/user-service.ts';

export { openMigrator } from './migrations/open-migrator.ts';
export { openReadModel } from './read-model/open-read-model.ts';
export { parseReadModelCommand, readModelUsage, runReadModelCommand } from './read-model/read-model-commands.ts';
export { openSeed } from './seed/open-seed.ts';
export { parseSeedCommand, runSeedCommand, seedUsage } from './seed/seed-command.ts';
export { databaseConfig, type ProfilesConfig, profilesConfig, profilesSettings } from './config.ts';

const { version } = packageJson;
const openApiYaml = new URL('../../openapi.yaml', import.meta.url);

export interface ProfilesOptions {
  /** Whether pending migrations are applied at the start, or are somebody else's step. */
  readonly applyMigrations: boolean;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Where the lines of its own logger go; stdout by default. */
  readonly logDestination?: LogDestination;
  /** Who keeps this process and others like it; nobody by default. */
  readonly supervisor?: SupervisorLink | null;
}

/** The composition root of the profile service. Before its start it reads `openapi.yaml` and makes the folder of a SQLite
 * file, and opens nothing. */
export function createProfiles(config: ProfilesConfig, options: ProfilesOptions): ServiceHost {
  const { applyMigrations, supervisor = null, clock = systemClock } = options;
  const problems = createProblemCatalogue(platformProblems, userProblems, opsProblems);
  const telemetry = createTelemetry({
    build: { service: serviceName, version, revision: config.revision },
    logLevel: config.logLevel,
    otlpEndpoint: config.otlpEndpoint,
    worker: supervisor?.worker,
    logger: options.logger,
    logDestination: options.logDestination,
  });
  const { tracing } = telemetry;
  const lifecycle = createLifecycle();
  // The first to be opened is the last to be closed: until then there is something to tell.
  lifecycle.onStop('traces', () => tracing.close(0.8 * service.stopRemainingMs));
  const database = createServiceDatabase(config.database, {
    telemetry,
    lifecycle,
    openMigrator: (use) => openMigrator(config.database, use),
    applyMigrations,
  });
  const redis = createServiceRedis(config.redisUrl, { telemetry, lifecycle });

  const models = defineProfilesModels(database);
  const buildsReadModel = applyMigrations;
  const reads = createUserReads({ config, database, models, redis, buildsReadModel, telemetry, lifecycle });
  const { idempotencyTtlMs } = config;
  const { observer } = reads;
  const writes = createProfilesWrites({ database, models, observer, idempotencyTtlMs, problems, telemetry, clock });

  const users = traced(tracing, 'users', new UserService(reads.queries, clock));
  const changes = createUserChanges(models.changes, { reads, tracing });
  const lookupHeaders = createLookupHeaders(config);
  const userController = new UserController(users, writes.requests, reads.queries, lookupHeaders);
  const enriched = createEnrichedProfiles(config.enrichment, { users, lookupHeaders, telemetry, lifecycle });

  const httpEvents = telemetry.stream<HttpEvent>();
  const ops = createOps(config, {
    process: { service: serviceName, version, worker: supervisor?.worker ?? null },
    http: httpEvents,
    database,
    cache: reads.sharedCache,
    enrichment: enriched.enrichment,
    logger: telemetry.logger,
  });

  const { location } = config.database;
  const service = createServiceHost({
    name: serviceName,
    version,
    config,
    telemetry,
    httpEvents,
    lifecycle,
    clock,
    database,
    replicas: reads.replicas,
    redis,
    problems,
    supervisor,
    workingFolder: location.engine === 'sqlite' ? dirname(location.path) : '.',
    openApiYaml: readFileSync(openApiYaml, 'utf8'),
    routers: [userRoutes(userController), changes.router, enriched.router, ...ops.routers],
    hotPaths: [userHotPath(userController), enriched.hotPath],
    onSchemaReady: () => reads.refresh(),
    onDrain: () => ops.end(),
    startWork: () => {
      const work = [reads.start(), writes.start()];
      return { stop: async () => void (await Promise.all(work.map((each) => each.stop()))) };
    },
  });
  return service;
}
