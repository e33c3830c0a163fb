import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import type { Ending, EnrichmentEvent } from '../enrichment/enrichment-events.ts';
import type { RecentItems } from './recent-items.ts';
import type { CallStep, TappedCall } from './resilience-snapshot.ts';

/** As many calls as are remembered. */
export const callsMax = 50;

interface RunningCall {
  readonly startedAt: number;
  readonly requestId: string | null;
  readonly steps: CallStep[];
}

/**
 * Notes each question to the provider with its attempts and waits, and those that were not asked. A wait is as long as
 * the policy says, not as the event loop makes it.
 *
 * @param now milliseconds since 1970, on a clock that never goes back
 * @returns a function that ends it
 */
export function tapCalls(
  events: EventSource<EnrichmentEvent>,
  calls: RecentItems<TappedCall>,
  now: () => number,
): () => void {
  let number = 0;
  // No user has two calls at once: whoever asks for the same joins the one that there is.
  const running = new Map<string, RunningCall>();
  const add = (call: Omit<TappedCall, 'number'>): void => {
    number += 1;
    calls.add({ number, ...call, at: Math.round(call.at) });
  };

  return events.subscribe((event) => {
    switch (event.type) {
      case 'call-started':
        running.set(event.userId, { startedAt: now(), requestId: event.requestId, steps: [] });
        return;
      case 'attempt-ended': {
        const call = running.get(event.userId);
        const { ending, durationMs } = event;
        const from = (fromMs: number): CallStep => ({
          kind: 'attempt',
          fromMs: tenths(fromMs),
          durationMs: tenths(durationMs),
          outcome: ending.outcome,
          ...describe(ending),
        });
        call?.steps.push(from(Math.max(0, now() - durationMs - call.startedAt)));
        return;
      }
      case 'retry-scheduled': {
        const call = running.get(event.userId);
        call?.steps.push({ kind: 'wait', fromMs: tenths(now() - call.startedAt), durationMs: event.delayMs });
        return;
      }
      case 'call-ended': {
        const { userId, ending, durationMs } = event;
        const call = running.get(userId);
        if (call === undefined) return;
        running.delete(userId);
        const { startedAt: at, requestId, steps } = call;
        add({ at, userId, requestId, outcome: ending.outcome, durationMs: tenths(durationMs), steps });
        return;
      }
      case 'short-circuited':
      case 'rejected': {
        const { type: outcome, userId, requestId } = event;
        add({ at: now(), userId, requestId, outcome, durationMs: 0, steps: [] });
        return;
      }
      case 'fallback':
      case 'breaker-state-changed':
        // They are of no call.
        return;
      default:
        event satisfies never;
    }
  });
}

function describe(ending: Ending): { readonly detail: string; readonly status: number | null } {
  if (ending.outcome !== 'success') {
    return { detail: ending.failure.kind, status: ending.failure.status ?? null };
  }
  return { detail: ending.status, status: ending.status === 'available' ? 200 : 404 };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
