import type { EventSource } from '../telemetry/event-stream.ts';
import type { WriteLine } from '../telemetry/logger.ts';
import type { ReplicaEvent } from './replica-events.ts';

/** Logs when a replica comes into the rotation or leaves it. @returns a function that ends it */
export function logReplicas(
  events: EventSource<ReplicaEvent>,
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
): () => void {
  return events.subscribe((event) => {
    const { type } = event;
    if (type === 'joined') logger.info({ replica: event.replica }, 'Replica is in the rotation');
    if (type !== 'left') return;
    const { replica, reason, error: err } = event;
    logger.warn({ replica, reason, err }, 'Replica is out of the rotation');
  });
}
