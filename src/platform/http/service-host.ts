import type { Router } from 'express';
import type { Clock } from '../clock.ts';
import { createDatabaseCheck } from '../database/database-check.ts';
import type { ServiceDatabase } from '../database/service-database.ts';
import { createDiskCheck } from '../health/disk-check.ts';
import { createEventLoopCheck } from '../health/event-loop-check.ts';
import { createMemoryCheck } from '../health/memory-check.ts';
import { Readiness } from '../health/readiness.ts';
import type { ReadinessEvent } from '../health/readiness-events.ts';
import { logReadiness } from '../health/readiness-log.ts';
import { recordReadiness } from '../health/readiness-metrics.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { createRateLimiter } from '../rate-limit/create-rate-limiter.ts';
import type { RateLimitEvent } from '../rate-limit/rate-limit-events.ts';
import { logRateLimits } from '../rate-limit/rate-limit-log.ts';
import { recordRateLimits } from '../rate-limit/rate-limit-metrics.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { ServiceStop, type StopLimits } from '../service-stop.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { EventLoopLag } from '../telemetry/event-loop-lag.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Registry } from '../telemetry/metrics.ts';
import { recordProcess } from '../telemetry/process-metrics.ts';
import type { SupervisorLink } from '../workers/supervisor-link.ts';
import { apiDocs } from './api-docs.ts';
import { createApp } from './create-app.ts';
import { healthRoutes } from './health.ts';
import { type HotPath, isAtHand, usableHotPaths } from './hot-path.ts';
import type { HttpEvent } from './http-events.ts';
import { recordHttp } from './http-metrics.ts';
import { shedLoad } from './load-shedding.ts';
import { type MetricsSource, metricsRoutes } from './metrics-routes.ts';
import { recordOverload } from './overload-metrics.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import { problemHandler } from './problem-details.ts';
import { problemPages } from './problem-pages.ts';
import type { ProxyTrust } from './proxy-trust.ts';
import { limitRate } from './rate-limit.ts';
import { refuseAfterDrain } from './refuse-after-drain.ts';
import { requestPipeline } from './request-pipeline.ts';
import { logRequests } from './request-log.ts';
import { startHttpServer } from './server.ts';
import { logSheds } from './shed-log.ts';

/** How a service is reached and stopped. */
export interface ServiceHostConfig {
  readonly host: string;
  readonly port: number;
  /** How long requests are still taken after the stop has begun, so that load balancers can look elsewhere. */
  readonly shutdownDrainMs: number;
  /** How long the stop may take in all. */
  readonly shutdownGraceMs: number;
  /** Whom to believe about the client's address; null: nobody. */
  readonly proxyTrust: ProxyTrust | null;
  /** Null: no limit. */
  readonly rateLimitPerMinute: number | null;
  /** Web origins whose pages may call the API. */
  readonly corsOrigins: readonly string[];
  /** What callers of the operators' endpoints have to show; null: nothing. */
  readonly opsToken: string | null;
}

/** A service over HTTP, built and not yet started. */
export interface ServiceHost {
  /**
   * Listens, and resolves with the port. The database may still be away: requests are answered with 503 and `/ready`
   * says so until `schemaReady` resolves: with true, or with false when the service is stopped before. But a worker that
   * takes over from another one listens only when database and schema are there, because that one serves until then.
   *
   * @throws Error when the service is stopped before it listens
   */
  start(): Promise<{ readonly port: number; readonly schemaReady: Promise<boolean> }>;
  /**
   * Says that it is not ready and takes requests for the drain, then stops listening, lets running requests finish and
   * closes what they use. Safe at any time, and repeatable.
   *
   * @param options.reason for the log
   * @throws Error when not everything was closed within the grace
   */
  stop(options?: { readonly reason?: string } & Partial<StopLimits>): Promise<void>;
  /** How long a stop may still take; the whole grace before it has begun. */
  readonly stopRemainingMs: number;
  /** Where it tells what happens to it. */
  readonly logger: Logger;
}

/** Runs behind the requests, from the start to the stop. */
export interface BackgroundWork {
  stop(): Promise<void>;
}

export interface ServiceHostOptions {
  readonly name: string;
  readonly version: string;
  readonly config: ServiceHostConfig;
  readonly telemetry: Telemetry;
  /** Where it tells what happens to requests. */
  readonly httpEvents: EventStream<HttpEvent>;
  /** With what the service has opened; the rest is added here. */
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly database: ServiceDatabase;
  /** Whether reads are answered without it. */
  readonly replicas: { readonly isServing: boolean };
  /** The folder on whose file system the service works. */
  readonly workingFolder: string;
  /** Where requests are counted that other instances have answered; null: each counts its own. */
  readonly redis: RedisConnection | null;
  readonly problems: ProblemCatalogue;
  readonly openApiYaml: string;
  readonly routers: readonly Router[];
  readonly hotPaths: readonly HotPath[];
  readonly startWork: () => BackgroundWork;
  /** What is to be done, and must not fail, once database and schema are there, before the service says that it is ready. */
  readonly onSchemaReady: () => Promise<void>;
  /** Called when a stop begins, in front of the drain: to end answers that have no end of their own. */
  readonly onDrain: () => void;
  /** Null: this process is all of the service. */
  readonly supervisor: SupervisorLink | null;
}

/** What every service of the platform has around its own routes: the edge, readiness, overload, and an orderly stop. */
export function createServiceHost(options: ServiceHostOptions): ServiceHost {
  const { name, version, config, telemetry, lifecycle, clock, database, redis, problems } = options;
  const { logger, tracing, metrics } = telemetry;
  const supervisor = options.supervisor;
  supervisor?.shareFigures(metrics);
  lifecycle.onStop('last figures', () => supervisor?.tellLastFigures());

  const eventLoop = new EventLoopLag();
  const readiness = createReadiness(options, eventLoop);
  const limits = { drainMs: config.shutdownDrainMs, graceMs: config.shutdownGraceMs };
  const serviceStop = new ServiceStop({ lifecycle, readiness, logger, limits });

  const events = options.httpEvents;
  logRequests(events, logger, problems);
  recordHttp(events, metrics);
  recordOverload({ http: events, database: database.events, admission: database.admission }, metrics);
  const answerProblem = problemHandler(problems, logger);
  const app = createApp({
    answerProblem,
    corsOrigins: config.corsOrigins,
    proxyTrust: config.proxyTrust,
    rateLimit: createRateLimit(options),
    routers: [
      refuseAfterDrain(serviceStop),
      ...options.routers,
      healthRoutes({ service: name, version, readiness, clock }),
      metricsRoutes(metricsOfAll(metrics, supervisor), { opsToken: config.opsToken }),
      problemPages(problems),
      apiDocs(options.openApiYaml),
    ],
  });
  const shed = shedLoad({
    reasonToShed: () => (database.admission.isFull ? 'queue-full' : eventLoop.isHigh ? 'event-loop' : null),
    isAtHand: (req) => isAtHand(hotPaths, req),
    events,
    problems,
  });
  const hotPaths = usableHotPaths(options.hotPaths, config, serviceStop);
  const handler = requestPipeline({ shed, events, tracing, hotPaths, answerProblem, app });
  lifecycle.onStop('log of refusals', logSheds(events, logger));

  return {
    logger,
    get stopRemainingMs() {
      return serviceStop.remainingMs;
    },
    start: async () => {
      logger.info({ version, node: process.version }, 'Starting');
      lifecycle.onStop('process metrics', recordProcess(metrics));
      lifecycle.onStop('event loop lag', eventLoop.start());
      const stopping = new AbortController();
      const openSchema = async (): Promise<boolean> => {
        if (!(await database.schema.open(stopping.signal))) return false;
        await options.onSchemaReady();
        return true;
      };
      let schemaReady = Promise.resolve(false);
      const work = options.startWork();
      // Registered before the server, so that it closes behind it: what runs in the background must not hold up requests.
      lifecycle.onStop('background work', async () => {
        stopping.abort();
        await Promise.all([schemaReady, work.stop()]);
      });

      await Promise.all([redis?.open(), tracing.open()]);
      const isSuccessor = supervisor?.isSuccessor ?? false;
      // The one that serves until then is of a version that the schema fits; this one may be ahead of it.
      if (isSuccessor) await (schemaReady = openSchema());
      if (lifecycle.stopping) await endStart(lifecycle);
      const server = await startHttpServer(handler, { host: config.host, port: config.port, events, problems });
      if (lifecycle.stopping) {
        await server.stop(0);
        await endStart(lifecycle);
      }
      lifecycle.onStop('HTTP server', async () => {
        options.onDrain();
        await serviceStop.closeServer(server);
      });
      logger.info({ port: server.port }, 'Listening');

      const schemaOpen = isSuccessor ? schemaReady : openSchema();
      schemaReady = schemaOpen.then(async (isOpen) => {
        if (!isOpen) return false;
        await readiness.refresh();
        supervisor?.reportReady();
        return true;
      });
      return { port: server.port, schemaReady };
    },
    stop: async ({ reason = 'stop', ...stopLimits } = {}) =>
      await serviceStop.run(reason, { isReplaced: supervisor?.isReplaced ?? false, ...stopLimits }),
  };
}

/** Closes what was opened behind the stop that has come meanwhile. */
async function endStart(lifecycle: Lifecycle): Promise<never> {
  await lifecycle.stop();
  throw new Error('The service was stopped while it started.');
}

/** A scrape reaches one of the workers, whichever has its connection, and asks for all of them. */
function metricsOfAll(own: Registry, supervisor: SupervisorLink | null): MetricsSource {
  return supervisor === null ? own : { contentType: own.contentType, metrics: () => supervisor.scrape() };
}

function createReadiness(
  { telemetry, database, replicas, clock, workingFolder }: ServiceHostOptions,
  lag: EventLoopLag,
): Readiness {
  const events = telemetry.stream<ReadinessEvent>();
  logReadiness(events, telemetry.logger);
  const checks = [
    createDatabaseCheck(database.schema, replicas),
    createMemoryCheck(),
    createDiskCheck(workingFolder),
    createEventLoopCheck(lag),
  ];
  const readiness = new Readiness({ checks, clock, events });
  recordReadiness(readiness, telemetry.metrics);
  return readiness;
}

function createRateLimit(options: ServiceHostOptions): ReturnType<typeof limitRate> | null {
  const { name: service, config, telemetry, redis } = options;
  const events = telemetry.stream<RateLimitEvent>();
  logRateLimits(events, telemetry.logger);
  recordRateLimits(events, telemetry.metrics);
  const { rateLimitPerMinute: requestsPerMinute } = config;
  if (requestsPerMinute === null) return null;
  return limitRate(createRateLimiter({ service, requestsPerMinute, redis, events }), events);
}
