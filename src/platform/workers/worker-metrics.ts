import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { gaugeOnScrape, startAtZero } from '../telemetry/metrics.ts';
import type { WorkerEvent } from './worker-events.ts';
import type { WorkerState } from './worker-pool.ts';

const states: readonly WorkerState[] = ['starting', 'listening', 'ready', 'stopping'];

/**
 * Shows the workers of a supervisor.
 *
 * @param current the state of each worker that runs
 * @returns a function that takes how many workers have answered a scrape
 */
export function recordWorkers(
  events: EventSource<WorkerEvent>,
  registry: Registry,
  current: () => Iterable<WorkerState>,
): (reporting: number) => void {
  const registers = [registry];
  gaugeOnScrape(registry, { name: 'workers', help: 'Worker processes by state.', labelNames: ['state'] }, (gauge) => {
    for (const state of states) gauge.set({ state }, 0);
    for (const state of current()) gauge.inc({ state });
  });
  const reporting = new Gauge({
    name: 'workers_reporting',
    help: 'Worker processes whose figures are in this answer.',
    registers,
  });
  const restarts = new Counter({
    name: 'worker_restarts_total',
    help: 'Worker processes that were started for another one, by why.',
    labelNames: ['reason'],
    registers,
  });
  startAtZero(restarts, [{ reason: 'exited' }, { reason: 'killed' }, { reason: 'restart' }]);
  events.subscribe((event) => {
    if (event.type === 'lost') restarts.inc({ reason: event.signal === null ? 'exited' : 'killed' });
    if (event.type === 'replaced') restarts.inc({ reason: 'restart' });
  });
  return (count) => reporting.set(count);
}
