import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import type { EnrichmentConfig } from '../../../src/profiles/enrichment/enrichment-config.ts';
import type { EnrichmentEvent } from '../../../src/profiles/enrichment/enrichment-events.ts';
import {
  createHttpEnrichmentClient,
  type HttpEnrichmentClient,
} from '../../../src/profiles/enrichment/http-enrichment-client.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type Behaviour, type ScriptedProvider, startScriptedProvider } from '../../helpers/scripted-provider.ts';

export interface Fixture {
  readonly provider: ScriptedProvider;
  readonly client: HttpEnrichmentClient;
  /** What has happened so far. */
  readonly events: readonly TimedEvent[];
  /**
   * For how long, all in all, the process could not act when it should have. Every timer may be late by that much on a
   * machine that is busy with something else, so the bounds that the tests check are moved by it.
   */
  heldUpMs(): number;
  /** Closes both ends, and fails when a connection or timer of theirs is left. */
  close(): Promise<void>;
}

/** An event with its moment, in monotonic milliseconds. */
export type TimedEvent = EnrichmentEvent & { readonly atMs: number };

/** The limits of the contract, unless the test says otherwise. */
export type Limits = Partial<Omit<EnrichmentConfig, 'url' | 'breaker'>> & {
  readonly breaker?: Partial<EnrichmentConfig['breaker']>;
};

/** A real client that talks to a scripted provider over real sockets. */
export async function startFixture(
  script: readonly [Behaviour, ...Behaviour[]],
  limits: Limits = {},
): Promise<Fixture> {
  const resourcesBefore = countResources();
  const provider = await startScriptedProvider(...script);
  const events: TimedEvent[] = [];
  const stream = new EventStream<EnrichmentEvent>((error) => {
    throw error;
  });
  stream.subscribe((event) => events.push({ ...event, atMs: performance.now() }));
  const client = createHttpEnrichmentClient(
    {
      url: `${provider.url}/base/`,
      attemptTimeoutMs: 500,
      deadlineMs: 3_000,
      maxConcurrent: 100,
      ...limits,
      breaker: { volume: 5, windowMs: 10_000, consecutiveFailures: 5, resetMs: 10_000, ...limits.breaker },
    },
    { events: stream },
  );
  const stalls = watchStalls();
  return {
    provider,
    client,
    events,
    heldUpMs: stalls.totalMs,
    close: async () => {
      stalls.stop();
      await client.close();
      await provider.close();
      await eventually(() => {
        const left = countResources();
        if (left > resourcesBefore) throw new Error(`${left - resourcesBefore} sockets or timers are left`);
      });
    },
  };
}

function countResources(): number {
  return process.getActiveResourcesInfo().filter((type) => /^TCP|^Timeout$/.test(type)).length;
}

/** Adds up by how much a timer comes later than it should; less than 5 ms at a time is the usual. */
function watchStalls() {
  const everyMs = 10;
  let totalMs = 0;
  let dueMs = performance.now() + everyMs;
  const stallMs = () => Math.max(0, performance.now() - dueMs);
  const timer = setInterval(() => {
    if (stallMs() > 5) totalMs += stallMs();
    dueMs = performance.now() + everyMs;
  }, everyMs).unref();
  // The one that is going on has not met its timer yet.
  return { totalMs: () => totalMs + stallMs(), stop: () => clearInterval(timer) };
}
