import { logBreakerChange } from '../../platform/telemetry/breaker-log.ts';
import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import type { Ending, EnrichmentEvent } from './enrichment-events.ts';
import type { WriteLine } from '../../platform/telemetry/logger.ts';

/** The part of a logger that is used here. */
export interface EnrichmentLogger {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}

/**
 * Logs what the enrichment client does: one line for each call that failed and each change of the breaker, the rest at
 * debug. The provider's failures are handled, so they are warnings; only a defect of our own is an error. No line says
 * whom a call was about: a client may choose an id that tells who somebody is.
 *
 * @returns a function that ends it
 */
export function logEnrichment(events: EventSource<EnrichmentEvent>, logger: EnrichmentLogger): () => void {
  return events.subscribe((event) => {
    switch (event.type) {
      case 'breaker-state-changed':
        logBreakerChange(logger, 'enrichment', event);
        return;
      case 'call-ended': {
        const { ending, attempts, durationMs } = event;
        logger[levelOf(ending)](
          { ...describe(ending), attempts, durationMs: Math.round(durationMs) },
          ending.outcome === 'success' ? 'Enrichment call succeeded' : 'Enrichment call failed',
        );
        return;
      }
      case 'attempt-ended': {
        const { ending, attempt, durationMs } = event;
        logger.debug({ ...describe(ending), attempt, durationMs: Math.round(durationMs) }, 'Enrichment attempt ended');
        return;
      }
      case 'retry-scheduled':
        logger.debug({ retry: event.retry, delayMs: event.delayMs }, 'Enrichment retry scheduled');
        return;
      case 'rejected':
        logger.warn({}, 'Enrichment call rejected, too many are under way');
        return;
      case 'fallback':
        logger.debug({ reason: event.reason }, 'Enrichment answered as unavailable');
        return;
      case 'call-started':
      case 'short-circuited':
        // The end of the call, and the fallback, say the same and more.
        return;
      default:
        event satisfies never;
    }
  });
}

function levelOf(ending: Ending): 'debug' | 'warn' | 'error' {
  if (ending.outcome === 'success') return 'debug';
  return ending.failure.kind === 'internal-error' ? 'error' : 'warn';
}

function describe(ending: Ending): object {
  if (ending.outcome === 'success') return { outcome: ending.outcome, status: ending.status };
  const { kind, status, code, error } = ending.failure;
  return { outcome: ending.outcome, failure: kind, httpStatus: status, code, err: error };
}
