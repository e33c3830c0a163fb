import type { RedisCacheEvent } from '../../../src/platform/cache/redis-cache-events.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import type { CircuitState, OperatedBreaker } from '../../../src/platform/resilience/operated-breaker.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createResilienceMonitor } from '../../../src/profiles/dashboard/create-resilience-monitor.ts';
import type { EnrichmentEvent } from '../../../src/profiles/enrichment/enrichment-events.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

/** 2026-01-01, in milliseconds since 1970: a whole second. */
export const beginning = 1_767_225_600_000;

/** A breaker that is what the test says, and notes what was done to it. */
class ScriptedBreaker implements OperatedBreaker {
  state: CircuitState = 'closed';
  isForced = false;
  readonly limits = { failureRatio: 0.5, volume: 5, windowMs: 10_000, consecutiveFailures: 5, resetMs: 1_000 };
  readonly done: string[] = [];

  figures() {
    return { volume: 4, errorShare: 0.25, consecutiveFailures: 1, nextProbeInMs: null, since: beginning };
  }

  forceOpen(by: string): void {
    this.done.push(`open by ${by}`);
    this.state = 'open';
    this.isForced = true;
  }

  close(by: string): void {
    this.done.push(`close by ${by}`);
  }

  reset(by: string): void {
    this.done.push(`reset by ${by}`);
  }
}

function source<Event>() {
  const events = new EventStream<Event>((error) => {
    throw error;
  });
  return { events, breaker: new ScriptedBreaker() };
}

/** A monitor whose events, breakers and time are the test's. */
export function monitorOnVirtualTime({ hasCache = true }: { readonly hasCache?: boolean } = {}) {
  const time = new VirtualTime();
  time.stall(beginning - time.now());
  const http = source<HttpEvent>().events;
  const database = source<DatabaseEvent>();
  const cache = source<RedisCacheEvent>();
  const enrichment = source<EnrichmentEvent>();
  const monitor = createResilienceMonitor({
    identity: { service: 'test', version: '1.2.3', worker: 2, controls: { breakers: true, provider: false } },
    http,
    database,
    cache: hasCache ? cache : null,
    enrichment,
    now: () => time.now(),
  });
  return { monitor, time, http, database, cache, enrichment };
}

export type MonitorFixture = ReturnType<typeof monitorOnVirtualTime>;

export function requestEnded(
  given: Partial<Extract<HttpEvent, { type: 'request-ended' }>> = {},
): Extract<HttpEvent, { type: 'request-ended' }> {
  return {
    type: 'request-ended',
    requestId: 'r-1',
    traceId: undefined,
    method: 'GET',
    route: '/api/users/:id',
    status: 200,
    code: undefined,
    durationMs: 10,
    abandoned: false,
    isStream: false,
    ...given,
  };
}
