import { readFileSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { type Clock, systemClock } from '../platform/clock.ts';
import { createMigrator, type Migrator } from '../platform/database/migrator.ts';
import { createDatabaseBreaker } from '../platform/database/database-breaker.ts';
import type { DatabaseEvent } from '../platform/database/database-events.ts';
import { logDatabase } from '../platform/database/database-log.ts';
import { createDatabaseReader } from '../platform/database/database-reader.ts';
import { createSchemaGate } from '../platform/database/schema-gate.ts';
import { openDatabase } from '../platform/database/sequelize.ts';
import { createSequelizeUnitOfWork } from '../platform/database/sequelize-unit-of-work.ts';
import { apiDocs } from '../platform/http/api-docs.ts';
import { createApp } from '../platform/http/create-app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import type { HttpEvent } from '../platform/http/http-events.ts';
import { IdempotentRequests } from '../platform/http/idempotent-requests.ts';
import { createProblemCatalogue, platformProblems } from '../platform/http/problem-catalogue.ts';
import { problemPages } from '../platform/http/problem-pages.ts';
import { logRequests } from '../platform/http/request-log.ts';
import { startHttpServer } from '../platform/http/server.ts';
import { defineIdempotencyModel } from '../platform/idempotency/idempotency-model.ts';
import { type IdempotencyEvent, IdempotentWrites } from '../platform/idempotency/idempotent-writes.ts';
import { startKeyExpiry } from '../platform/idempotency/key-expiry.ts';
import { SequelizeIdempotencyHousekeeping } from '../platform/idempotency/sequelize-idempotency-housekeeping.ts';
import { SequelizeIdempotencyStore } from '../platform/idempotency/sequelize-idempotency-store.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { EventStream } from '../platform/telemetry/event-stream.ts';
import { createLogger, type Logger } from '../platform/telemetry/logger.ts';
import { SequelizeChangeJournal } from './changes/sequelize-change-journal.ts';
import { SequelizeChangeQueries } from './changes/sequelize-change-queries.ts';
import { defineUserChangeModel } from './changes/user-change-model.ts';
import { UserChangesController } from './changes/user-changes-controller.ts';
import { userChangesRoutes } from './changes/user-changes-routes.ts';
import { UserChangesService } from './changes/user-changes-service.ts';
import type { DatabaseConfig, ProfilesConfig } from './config.ts';
import { EnrichedProfileController } from './enrichment/enriched-profile-controller.ts';
import { enrichedProfileRoutes } from './enrichment/enriched-profile-routes.ts';
import { EnrichedProfileService } from './enrichment/enriched-profile-service.ts';
import type { EnrichmentEvent } from './enrichment/enrichment-events.ts';
import { logEnrichment } from './enrichment/enrichment-log.ts';
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

const serviceName = 'user-profile-service';
const openApiYaml = new URL('../../openapi.yaml', import.meta.url);

/** The profile service, built and not yet started. */
export interface Profiles {
  /**
   * Listens, and resolves with the port. The database may still be away: requests are answered with 503 and `/ready`
   * says so until `schemaReady` resolves: with true, or with false when the service is stopped before.
   */
  start(): Promise<{ readonly port: number; readonly schemaReady: Promise<boolean> }>;
  /** Stops listening, lets running requests finish, then closes what they use. Safe at any time, and repeatable. */
  stop(graceMs?: number): Promise<void>;
}

export interface ProfilesOptions {
  /** Whether pending migrations are applied at the start, or are somebody else's step. */
  readonly applyMigrations: boolean;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** The composition root of the profile service. Before `start` it reads `openapi.yaml` and makes the folder
 * of a SQLite file, and opens nothing. */
export function createProfiles(config: ProfilesConfig, options: ProfilesOptions): Profiles {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger({ level: config.logLevel, service: serviceName });
  const lifecycle = createLifecycle();

  const onListenerError = (err: unknown): void => logger.error({ err }, 'An event listener failed');
  const problems = createProblemCatalogue(platformProblems, userProblems);

  const database = openDatabase(config.database.location, config.database);
  lifecycle.onStop('database', () => database.close());
  const databaseEvents = new EventStream<DatabaseEvent>(onListenerError);
  logDatabase(databaseEvents, logger);
  const { breakerFailures, queryTimeoutMs: deadlineMs } = config.database;
  const breaker = createDatabaseBreaker({ consecutiveFailures: breakerFailures, deadlineMs, events: databaseEvents });
  lifecycle.onStop('database breaker', () => breaker.shutdown());
  const schemaGate = createSchemaGate({
    database,
    openMigrator: () => openMigrator(config.database),
    breaker,
    apply: options.applyMigrations,
    logger,
  });

  const userModel = defineUserModel(database.sequelize);
  const changeModel = defineUserChangeModel(database.sequelize);
  const idempotencyModel = defineIdempotencyModel(database.sequelize);
  const unitOfWork = createSequelizeUnitOfWork<ProfilesRepositories>({
    database,
    breaker,
    events: databaseEvents,
    deadlineMs,
    bind: (transaction) => ({
      users: new SequelizeUserRepository(userModel, transaction),
      changes: new SequelizeChangeJournal(changeModel, transaction),
      idempotency: new SequelizeIdempotencyStore(idempotencyModel, transaction),
    }),
  });
  const housekeeping = new SequelizeIdempotencyHousekeeping(database.sequelize, idempotencyModel);
  const writes = new IdempotentWrites(unitOfWork, housekeeping, {
    events: new EventStream<IdempotencyEvent>(onListenerError),
    clock,
    ttlMs: config.idempotencyTtlMs,
  });
  const requests = new IdempotentRequests(writes, problems, ({ changes }, changeId) => changes.has(changeId));
  const reader = createDatabaseReader({ breaker, deadlineMs, events: databaseEvents });
  const userQueries = new SequelizeUserQueries(userModel, reader);
  const users = new UserService(userQueries, clock);
  const changes = new UserChangesService(new SequelizeChangeQueries(changeModel, reader), userQueries);

  const enrichmentEvents = new EventStream<EnrichmentEvent>(onListenerError);
  logEnrichment(enrichmentEvents, logger);
  const enrichment = createHttpEnrichmentClient(config.enrichment, { events: enrichmentEvents });
  lifecycle.onStop('enrichment client', () => enrichment.close());

  const httpEvents = new EventStream<HttpEvent>(onListenerError);
  logRequests(httpEvents, logger);
  const handler = createApp({
    logger,
    events: httpEvents,
    problems,
    routers: [
      userRoutes(new UserController(users, requests)),
      userChangesRoutes(new UserChangesController(changes)),
      enrichedProfileRoutes(new EnrichedProfileController(new EnrichedProfileService(users, enrichment))),
      healthRoutes({
        service: serviceName,
        version: packageJson.version,
        checks: [{ name: 'database', check: () => schemaGate.check() }],
        clock,
      }),
      problemPages(problems),
      apiDocs(readFileSync(openApiYaml, 'utf8')),
    ],
  });

  let graceMs = config.shutdownGraceMs;
  return {
    start: async () => {
      const stopping = new AbortController();
      let schemaReady = Promise.resolve(false);
      const keyExpiry = startKeyExpiry({
        housekeeping,
        clock,
        onError: (err) => logger.warn({ err }, 'Expired idempotency keys could not be deleted'),
      });
      // Registered before the server, so that it closes behind it: what runs in the background must not hold up requests.
      lifecycle.onStop('background work', async () => {
        stopping.abort();
        await Promise.all([schemaReady, keyExpiry.stop()]);
      });

      const server = await startHttpServer(handler, { host: config.host, port: config.port, problems });
      lifecycle.onStop('HTTP server', () => server.stop(graceMs));
      if (lifecycle.stopping) {
        await lifecycle.stop();
        throw new Error('The service was stopped while it started.');
      }
      logger.info({ port: server.port }, 'Listening');

      schemaReady = schemaGate.open(stopping.signal);
      return { port: server.port, schemaReady };
    },
    stop: async (limitMs) => {
      graceMs = Math.min(graceMs, limitMs ?? graceMs);
      await lifecycle.stop();
    },
  };
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
