import { Counter } from 'prom-client';
import { createDependencyMetrics, type DependencyMetrics } from './dependency-metrics.ts';
import { createTracing, type OpenableTracing } from './create-tracing.ts';
import { EventStream } from './event-stream.ts';
import { createLogger, type LogDestination, type Logger, type LogLevel } from './logger.ts';
import { createMetrics, type BuildInfo, type Registry } from './metrics.ts';
import { logTraceExport, type TraceExportEvent } from './trace-export.ts';

/** By what a service tells what it does. */
export interface Telemetry {
  readonly logger: Logger;
  readonly tracing: OpenableTracing;
  readonly metrics: Registry;
  readonly dependencies: DependencyMetrics;
  /** A stream whose listeners may fail: that is logged. */
  readonly stream: <Event>() => EventStream<Event>;
}

export interface TelemetryOptions {
  readonly build: BuildInfo;
  readonly logLevel: LogLevel;
  /** Where traces are sent, without `/v1/traces`; null: none are made. */
  readonly otlpEndpoint: string | null;
  /** The number of this process where several do the work of the service. */
  readonly worker?: number | undefined;
  /** Instead of one of its own. */
  readonly logger?: Logger | undefined;
  /** Where the lines of its own logger go; stdout by default. */
  readonly logDestination?: LogDestination | undefined;
}

/** Log, traces and metrics of one service. Sends nothing before it is opened. */
export function createTelemetry({ build, logLevel, otlpEndpoint, ...own }: TelemetryOptions): Telemetry {
  // Streams are made before the logger that hears of their failures.
  const stream = <Event>(): EventStream<Event> =>
    new EventStream<Event>((err) => logger.error({ err }, 'An event listener failed'));
  const exports = stream<TraceExportEvent>();
  const { service, version } = build;
  const tracing = createTracing({ endpoint: otlpEndpoint, service, version, events: exports });
  const metrics = createMetrics(build);
  const dropped = new Counter({
    name: 'log_lines_dropped_total',
    help: 'Lines of the log that stdout could not take.',
    registers: [metrics],
  });
  const logger =
    own.logger ??
    createLogger({
      level: logLevel,
      service,
      worker: own.worker,
      onLineDropped: () => dropped.inc(),
      ...(own.logDestination === undefined ? {} : { destination: own.logDestination }),
      ...(tracing.enabled ? { context: () => ({ traceId: tracing.traceId }) } : {}),
    });
  logTraceExport(exports, logger);
  return { logger, tracing, metrics, dependencies: createDependencyMetrics(metrics), stream };
}
