import type { AxiosAdapter } from 'axios';
import { Bulkhead, BulkheadFullError } from '../../platform/resilience/bulkhead.ts';
import {
  type CircuitBreaker,
  CircuitOpenError,
  createCircuitBreaker,
} from '../../platform/resilience/circuit-breaker.ts';
import type { OperatedBreaker } from '../../platform/resilience/operated-breaker.ts';
import { TimeoutError } from '../../platform/resilience/deadline.ts';
import { SingleFlight } from '../../platform/resilience/single-flight.ts';
import type { EventStream } from '../../platform/telemetry/event-stream.ts';
import { noTracing, type Span, type SpanAttributes, type Tracing } from '../../platform/telemetry/tracing.ts';
import { EnrichmentCall } from './enrichment-call.ts';
import type {
  EnrichmentAnswer,
  EnrichmentClient,
  EnrichmentFetchOptions,
  EnrichmentOutcome,
  UnavailableReason,
} from './enrichment-client.ts';
import type { EnrichmentConfig } from './enrichment-config.ts';
import type { EnrichmentEvent } from './enrichment-events.ts';
import { AttemptError, EnrichmentHttp } from './enrichment-http.ts';

export interface HttpEnrichmentClient extends EnrichmentClient {
  /** For operators. */
  readonly breaker: OperatedBreaker;
  /** Cuts the connections, ends all timers, and resolves when no call is under way. Later fetches find it unavailable. */
  close(): Promise<void>;
}

export interface HttpEnrichmentDependencies {
  readonly events: EventStream<EnrichmentEvent>;
  /** Sends one request; axios' own HTTP adapter by default. */
  readonly adapter?: AxiosAdapter;
  readonly tracing?: Tracing;
}

/** Builds the enrichment client; it connects when it is first asked. */
export function createHttpEnrichmentClient(
  config: EnrichmentConfig,
  { events, adapter, tracing = noTracing }: HttpEnrichmentDependencies,
): HttpEnrichmentClient {
  const breaker = createCircuitBreaker({
    name: 'enrichment',
    failureRatio: 0.5,
    ...config.breaker,
    // Beyond the deadline, which ends every call before.
    timeoutMs: config.deadlineMs + 1000,
    onStateChange: ({ from, to, by }) => events.emit({ type: 'breaker-state-changed', from, to, by }),
  });
  const http = new EnrichmentHttp(config.url, config.maxConcurrent, adapter);
  return new ResilientEnrichmentClient(config, breaker, http, { events, tracing });
}

/** single-flight → bulkhead → breaker → call (deadline → retries → attempt timeout → validation). */
class ResilientEnrichmentClient implements HttpEnrichmentClient {
  readonly #config: EnrichmentConfig;
  readonly #breaker: CircuitBreaker;
  readonly #http: EnrichmentHttp;
  readonly #events: EventStream<EnrichmentEvent>;
  readonly #tracing: Tracing;
  readonly #server: SpanAttributes;
  readonly #bulkhead: Bulkhead;
  readonly #flights = new SingleFlight<EnrichmentOutcome>();

  constructor(
    config: EnrichmentConfig,
    breaker: CircuitBreaker,
    http: EnrichmentHttp,
    { events, tracing }: { readonly events: EventStream<EnrichmentEvent>; readonly tracing: Tracing },
  ) {
    this.#config = config;
    this.#breaker = breaker;
    this.#http = http;
    this.#events = events;
    this.#tracing = tracing;
    this.#server = serverOf(config.url);
    this.#bulkhead = new Bulkhead(config.maxConcurrent);
  }

  get breaker(): OperatedBreaker {
    return this.#breaker;
  }

  async fetch(userId: string, options: EnrichmentFetchOptions = {}): Promise<EnrichmentOutcome> {
    const attributes = { 'circuit_breaker.state': this.#breaker.state };
    const outcome = await this.#tracing.inSpan('enrichment', { attributes }, async (span) => {
      const found = await this.#outcomeFor(userId, options, span);
      const reason = found.status === 'unavailable' ? found.reason : undefined;
      span.set({ 'enrichment.outcome': found.status, 'enrichment.reason': reason });
      return found;
    });
    if (outcome.status === 'unavailable') this.#events.emit({ type: 'fallback', userId, reason: outcome.reason });
    return outcome;
  }

  async close(): Promise<void> {
    // The breaker first: it takes back the admission of the calls under way, so that none of them retries.
    this.#breaker.shutdown();
    this.#http.close();
    await this.#flights.settled();
    // Again, for the connection of an attempt that was just about to start.
    this.#http.close();
  }

  async #outcomeFor(
    userId: string,
    { signal, requestId: given }: EnrichmentFetchOptions,
    span: Span,
  ): Promise<EnrichmentOutcome> {
    const requestId = given ?? null;
    // A URL resolves these away, encoded or not, so nothing can be stored under them.
    if (userId === '' || userId === '.' || userId === '..') return { status: 'notFound' };
    if (this.#breaker.state === 'open') {
      this.#events.emit({ type: 'short-circuited', userId, requestId });
      return { status: 'unavailable', reason: 'circuit-open' };
    }
    let shared = true;
    const start = async (wanted: () => boolean): Promise<EnrichmentOutcome> => {
      shared = false;
      return await this.#call({ userId, requestId }, wanted, span);
    };
    try {
      return await this.#flights.run(userId, start, signal);
    } catch {
      // `#call` never rejects, so this is the caller's own signal.
      return { status: 'unavailable', reason: 'caller-gone' };
    } finally {
      // The attempts of a shared call are in the trace of the request that began it.
      span.set({ 'enrichment.shared': shared });
    }
  }

  async #call(
    asked: { readonly userId: string; readonly requestId: string | null },
    wanted: () => boolean,
    span: Span,
  ): Promise<EnrichmentOutcome> {
    const { deadlineMs, attemptTimeoutMs } = this.#config;
    const ask = async (admitted: () => boolean): Promise<EnrichmentAnswer> =>
      await new EnrichmentCall(this.#http, {
        ...asked,
        deadlineMs,
        attemptTimeoutMs,
        mayContinue: () => wanted() && admitted(),
        emit: (event) => {
          if (event.type === 'call-ended') span.set({ 'enrichment.attempts': event.attempts });
          this.#events.emit(event);
        },
        tracing: this.#tracing,
        describeAttempt: () => ({ ...this.#server, 'circuit_breaker.state': this.#breaker.state }),
      }).run();
    try {
      return await this.#bulkhead.run(async () => await this.#breaker.execute(ask));
    } catch (error) {
      if (error instanceof CircuitOpenError) this.#events.emit({ type: 'short-circuited', ...asked });
      if (error instanceof BulkheadFullError) this.#events.emit({ type: 'rejected', ...asked });
      return { status: 'unavailable', reason: reasonOf(error) };
    }
  }
}

function serverOf(url: string): SpanAttributes {
  const { protocol, hostname, port } = new URL(url);
  return { 'server.address': hostname, 'server.port': Number(port || (protocol === 'https:' ? 443 : 80)) };
}

function reasonOf(error: unknown): UnavailableReason {
  if (error instanceof AttemptError) return error.failure.kind;
  if (error instanceof CircuitOpenError) return 'circuit-open';
  if (error instanceof BulkheadFullError) return 'rejected';
  // The breaker's backstop. What else there may be was reported when its call ended.
  return error instanceof TimeoutError ? 'timeout' : 'internal-error';
}
