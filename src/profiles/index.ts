import { readFileSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { type Clock, systemClock } from '../platform/clock.ts';
import { createMigrator, type Migrator } from '../platform/database/migrator.ts';
import { createSchemaGate } from '../platform/database/schema-gate.ts';
import { openDatabase } from '../platform/database/sequelize.ts';
import { createSequelizeUnitOfWork } from '../platform/database/sequelize-unit-of-work.ts';
import { apiDocs } from '../platform/http/api-docs.ts';
import { createApp } from '../platform/http/create-app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { createProblemCatalogue, platformProblems } from '../platform/http/problem-catalogue.ts';
import { problemPages } from '../platform/http/problem-pages.ts';
import { startHttpServer } from '../platform/http/server.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { EventStream } from '../platform/telemetry/event-stream.ts';
import { createLogger, type Logger } from '../platform/telemetry/logger.ts';
import type { DatabaseConfig, ProfilesConfig } from './config.ts';
import { EnrichedProfileController } from './enrichment/enriched-profile-controller.ts';
import { enrichedProfileRoutes } from './enrichment/enriched-profile-routes.ts';
import { EnrichedProfileService } from './enrichment/enriched-profile-service.ts';
import type { EnrichmentEvent } from './enrichment/enrichment-events.ts';
import { logEnrichment } from './enrichment/enrichment-log.ts';
import { createHttpEnrichmentClient } from './enrichment/http-enrichment-client.ts';
import { migrations } from './migrations/index.ts';
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

  const database = openDatabase(config.database.location, { poolMax: config.database.poolMax });
  lifecycle.onStop('database', () => database.close());
  const schemaGate = createSchemaGate({
    database,
    migrator: createMigrator(database.sequelize, migrations),
    apply: options.applyMigrations,
    logger,
  });

  const userModel = defineUserModel(database.sequelize);
  const unitOfWork = createSequelizeUnitOfWork(database.sequelize, (transaction) => ({
    users: new SequelizeUserRepository(userModel, transaction),
  }));
  const users = new UserService(unitOfWork, new SequelizeUserQueries(userModel), clock);

  const enrichmentEvents = new EventStream<EnrichmentEvent>((err) => logger.error({ err }, 'An event listener failed'));
  logEnrichment(enrichmentEvents, logger);
  const enrichment = createHttpEnrichmentClient(config.enrichment, { events: enrichmentEvents });
  lifecycle.onStop('enrichment client', () => enrichment.close());

  const problems = createProblemCatalogue(platformProblems, userProblems);
  const handler = createApp({
    logger,
    problems,
    routers: [
      userRoutes(new UserController(users)),
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
      const server = await startHttpServer(handler, { host: config.host, port: config.port, problems });
      lifecycle.onStop('HTTP server', () => server.stop(graceMs));
      if (lifecycle.stopping) {
        await lifecycle.stop();
        throw new Error('The service was stopped while it started.');
      }
      logger.info({ port: server.port }, 'Listening');

      const stopping = new AbortController();
      const schemaReady = schemaGate.open(stopping.signal);
      lifecycle.onStop('schema gate', async () => {
        stopping.abort();
        await schemaReady;
      });
      return { port: server.port, schemaReady };
    },
    stop: async (limitMs) => {
      graceMs = Math.min(graceMs, limitMs ?? graceMs);
      await lifecycle.stop();
    },
  };
}

/** What `npm run migrate` works with. */
export function openMigrator(config: DatabaseConfig): {
  readonly migrator: Migrator;
  readonly close: () => Promise<void>;
} {
  const database = openDatabase(config.location, { poolMax: config.poolMax });
  return { migrator: createMigrator(database.sequelize, migrations), close: () => database.close() };
}
