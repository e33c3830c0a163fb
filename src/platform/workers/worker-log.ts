import type { EventSource } from '../telemetry/event-stream.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { WorkerEvent } from './worker-events.ts';

/** Logs what becomes of the workers. That one is lost is an error, unless somebody has told it to end: it has a cause. */
export function logWorkers(events: EventSource<WorkerEvent>, logger: Logger): void {
  events.subscribe((event) => {
    switch (event.type) {
      case 'started':
        return logger.info({ worker: event.worker }, 'Worker started');
      case 'lost': {
        const { worker, code, signal, error, delayMs } = event;
        return logger[code === 0 ? 'warn' : 'error'](
          { worker, code, signal, delayMs, ...reasonOf(error) },
          'Worker lost, another one starts',
        );
      }
      case 'killed':
        return logger.warn({ worker: event.worker }, 'Worker killed, it did not end in time');
      case 'restart-begun':
        return logger.info('Workers are restarted');
      case 'replaced':
        return logger.info({ worker: event.worker, successor: event.successor }, 'Worker replaced');
      case 'restart-ended':
        return logger.info({ workers: event.workers }, 'Workers were restarted');
      case 'restart-failed': {
        const { worker, failure, error } = event;
        return logger.error(
          { worker, failure, ...reasonOf(error) },
          'The restart is given up, workers that were not replaced go on',
        );
      }
      default:
        return event satisfies never;
    }
  });
}

function reasonOf(err: unknown): { readonly err?: unknown } {
  return err === null ? {} : { err };
}
