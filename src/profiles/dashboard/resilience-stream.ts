import { ServerSentEvents } from '../../platform/http/server-sent-events.ts';
import type { ResilienceMonitor } from './resilience-monitor.ts';

/** How many may watch one process. Each costs some kilobytes a second. */
const listenersMax = 32;

/**
 * Snapshots for whoever watches: one a second, and one at once when a breaker changes. Each has what its listener has not
 * had yet, so that one that was skipped, or has come back, misses nothing that the monitor still has.
 */
export function createResilienceStream(monitor: ResilienceMonitor): ServerSentEvents {
  const stream = new ServerSentEvents({
    listenersMax,
    everyMs: 1_000,
    heartbeatMs: 5_000,
    eventSince: (id) => {
      const snapshot = monitor.snapshot(id);
      return { id: snapshot.id, name: 'snapshot', data: JSON.stringify(snapshot) };
    },
  });
  let isDue = false;
  monitor.onBreakerChange(() => {
    if (stream.size === 0 || isDue) return;
    isDue = true;
    // Not in the middle of the call that has changed it; changes of one turn of the event loop go out together.
    setImmediate(() => {
      isDue = false;
      stream.send();
    });
  });
  return stream;
}
