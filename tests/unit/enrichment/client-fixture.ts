import { afterEach, beforeEach, expect, jest } from '@jest/globals';
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import type { EnrichmentOutcome } from '../../../src/profiles/enrichment/enrichment-client.ts';
import type { EnrichmentEvent } from '../../../src/profiles/enrichment/enrichment-events.ts';
import {
  createHttpEnrichmentClient,
  type HttpEnrichmentClient,
} from '../../../src/profiles/enrichment/http-enrichment-client.ts';

/** What becomes of one request. */
export type Attempt = (config: InternalAxiosRequestConfig) => Promise<AxiosResponse>;

/** Does what axios' own adapter does with a status: resolves or rejects, as `validateStatus` says. */
export const status =
  (code: number, data = '', headers: Record<string, string> = {}): Attempt =>
  async (config) => {
    const response = { status: code, statusText: '', data, headers, config };
    if (config.validateStatus?.(code)) return response;
    throw new AxiosError(`status ${code}`, AxiosError.ERR_BAD_RESPONSE, config, {}, response);
  };

/** Never answers, and ignores its signal. */
export const hang: Attempt = () => new Promise(() => {});

export interface ClientFixture {
  readonly client: HttpEnrichmentClient;
  /** When each request was sent, in milliseconds since the beginning. */
  readonly sentAt: number[];
  readonly events: EnrichmentEvent[];
  /** Fetches, moves the clock by `clockMs`, and says how much of that the call took. */
  fetchFor(clockMs: number, signal?: AbortSignal): Promise<{ outcome: EnrichmentOutcome; tookMs: number }>;
}

/**
 * Fakes the clock in every test of the file, and fails the test that leaves a timer behind.
 *
 * @returns what makes a client whose requests go as scripted; the last goes on
 */
export function clientsOnFakeClock(): (
  script: readonly [Attempt, ...Attempt[]],
  limits?: { deadlineMs?: number; maxConcurrent?: number },
) => ClientFixture {
  const clients: HttpEnrichmentClient[] = [];
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] }));
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  return ([first, ...others], limits = {}) => {
    const sentAt: number[] = [];
    const events: EnrichmentEvent[] = [];
    const startedAt = performance.now();
    const stream = new EventStream<EnrichmentEvent>((error) => {
      throw error;
    });
    stream.subscribe((event) => events.push(event));
    let attempt = first;
    const client = createHttpEnrichmentClient(
      {
        url: 'http://provider.test',
        attemptTimeoutMs: 500,
        deadlineMs: 3_000,
        maxConcurrent: 100,
        breaker: { volume: 5, windowMs: 10_000, consecutiveFailures: 5, resetMs: 10_000 },
        ...limits,
      },
      {
        events: stream,
        adapter: async (config) => {
          if (sentAt.length > 0) attempt = others.shift() ?? attempt;
          sentAt.push(performance.now() - startedAt);
          return await attempt(config);
        },
      },
    );
    clients.push(client);
    return { client, sentAt, events, fetchFor: (clockMs, signal) => fetchFor(client, clockMs, signal) };
  };
}

async function fetchFor(client: HttpEnrichmentClient, clockMs: number, signal: AbortSignal | undefined) {
  const startedAt = performance.now();
  let tookMs = Number.NaN;
  const outcome = client.fetch('ada', signal === undefined ? {} : { signal }).finally(() => {
    tookMs = performance.now() - startedAt;
  });
  await jest.advanceTimersByTimeAsync(clockMs);
  return { outcome: await outcome, tookMs };
}
