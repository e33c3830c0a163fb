import { Registry } from 'prom-client';
import type { Lifecycle } from '../lifecycle.ts';
import type { ProcessHost } from '../process.ts';
import { EventStream } from '../telemetry/event-stream.ts';
import { createLogger, type LogLevel } from '../telemetry/logger.ts';
import { recordProcess } from '../telemetry/process-metrics.ts';
import { clusterFork } from './cluster-worker.ts';
import { readFigures } from './messages.ts';
import type { WorkerEvent } from './worker-events.ts';
import { WorkerFigures } from './worker-figures.ts';
import { logWorkers } from './worker-log.ts';
import { recordWorkers } from './worker-metrics.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface SupervisorConfig {
  readonly workers: number;
  readonly logLevel: LogLevel;
  /** How long the stop of a worker may take in all. */
  readonly shutdownGraceMs: number;
}

/** A worker ends by itself within its grace. One that does not is stuck. */
const beyondGraceMs = 1_000;
/** As long as a database may take to come back is too long: the workers that run know their way. */
const readyMsMax = 30_000;

/**
 * Runs this program in several processes behind one port, and stays itself as the one that watches them: workers that
 * are lost are replaced, and at SIGHUP all of them in turn, with the code that is on disk then.
 *
 * Resolves when all listen. Their ends never end this process.
 *
 * @throws ProcessFailure when the first worker cannot start
 */
export async function superviseWorkers(
  config: SupervisorConfig,
  { service, host, lifecycle }: { service: string; host: ProcessHost; lifecycle: Lifecycle },
): Promise<void> {
  const logger = createLogger({ level: config.logLevel, service });
  host.logTo(logger);
  const events = new EventStream<WorkerEvent>((err) => logger.error({ err }, 'An event listener failed'));
  logWorkers(events, logger);

  const forkWorker = clusterFork();
  const pool = new WorkerPool({
    count: config.workers,
    fork: (start) => {
      const worker = forkWorker(start);
      figures.follow(worker);
      return worker;
    },
    events,
    readyMsMax,
    stopMsMax: config.shutdownGraceMs + beyondGraceMs,
  });
  const registry = new Registry();
  lifecycle.onStop('process metrics', recordProcess(registry));
  const setReporting = recordWorkers(events, registry, () => pool.states.values());
  const figures = new WorkerFigures(
    () => listeningOf(pool),
    async (reporting) => {
      setReporting(reporting);
      return readFigures(await registry.getMetricsAsJSON());
    },
  );

  lifecycle.onStop('workers', (reason) => pool.stop(reason));
  // Also at a second signal, which waits for nobody.
  process.once('exit', () => pool.kill());
  process.on('SIGHUP', () => pool.restart());
  await pool.start();
  logger.info({ workers: config.workers }, 'Workers listen');
}

function listeningOf(pool: WorkerPool): WorkerProcess[] {
  return [...pool.states].filter(([, state]) => state !== 'starting').map(([worker]) => worker);
}
