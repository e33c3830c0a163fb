import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { type Deadline, startDeadline } from '../../platform/resilience/deadline.ts';
import type { Span, SpanAttributes, Tracing } from '../../platform/telemetry/tracing.ts';
import type { EnrichmentAnswer, FailureKind } from './enrichment-client.ts';
import type { Ending, EnrichmentEvent, Failure } from './enrichment-events.ts';
import { AttemptError, type EnrichmentHttp, retryDelayMs } from './enrichment-http.ts';

const retryableKinds: ReadonlySet<FailureKind> = new Set(['network', 'timeout', 'server-error', 'rate-limited']);

export interface EnrichmentCallOptions {
  readonly userId: string;
  /** Of the request that it is made for; null: it is made for none. */
  readonly requestId: string | null;
  readonly deadlineMs: number;
  readonly attemptTimeoutMs: number;
  /** Asked before each retry: nobody waits, or nothing may be sent, when it is false. */
  readonly mayContinue: () => boolean;
  readonly emit: (event: EnrichmentEvent) => void;
  readonly tracing: Tracing;
  /** What the span of each attempt says besides: where it goes, and how the breaker is at that moment. */
  readonly describeAttempt: () => SpanAttributes;
}

/** One question to the provider, with its retries, within one deadline. It runs once. */
export class EnrichmentCall {
  readonly #http: EnrichmentHttp;
  readonly #options: EnrichmentCallOptions;
  readonly #deadline: Deadline;
  readonly #startedAt = performance.now();
  #attempts = 0;
  #retries = 0;
  #lastError: AttemptError | undefined;

  constructor(http: EnrichmentHttp, options: EnrichmentCallOptions) {
    this.#http = http;
    this.#options = options;
    this.#deadline = startDeadline(options.deadlineMs);
  }

  /** @throws AttemptError, that of the last attempt, when the provider gave no answer */
  async run(): Promise<EnrichmentAnswer> {
    const { userId, requestId, emit } = this.#options;
    emit({ type: 'call-started', userId, requestId });
    try {
      const { data } = await this.#http.axios.get<EnrichmentAnswer>(pathOf(userId), {
        // axios-retry sits above the adapter, so the adapter is one attempt.
        adapter: async (config) => await this.#attempt(config),
        'axios-retry': {
          retryCondition: () => this.#mayRetry(),
          onRetry: (retry) => {
            this.#retries = retry;
            emit({ type: 'retry-scheduled', userId, retry, delayMs: retryDelayMs(retry) });
          },
        },
      });
      this.#ended({ outcome: 'success', status: data.status });
      return data;
    } catch (error) {
      this.#ended(endingOf(error));
      throw error;
    }
  }

  async #attempt(config: InternalAxiosRequestConfig): Promise<AxiosResponse<EnrichmentAnswer>> {
    // What held when the retry was scheduled may have ended during its delay.
    if (this.#lastError !== undefined && !this.#mayContinue()) throw this.#lastError;
    const { tracing, describeAttempt } = this.#options;
    const attempt = (this.#attempts += 1);
    const attributes = {
      ...describeAttempt(),
      'http.request.method': 'GET',
      'http.request.resend_count': attempt === 1 ? undefined : attempt - 1,
    };
    return await tracing.inSpan(
      'GET',
      { kind: 'client', attributes },
      async (span) => await this.#send(config, attempt, span),
    );
  }

  async #send(
    config: InternalAxiosRequestConfig,
    attempt: number,
    span: Span,
  ): Promise<AxiosResponse<EnrichmentAnswer>> {
    const { userId, attemptTimeoutMs, emit, tracing } = this.#options;
    const startedAt = performance.now();
    const ended = (ending: Ending): void => {
      describeEnding(span, ending);
      emit({ type: 'attempt-ended', userId, attempt, ending, durationMs: performance.now() - startedAt });
    };
    try {
      const timeoutMs = Math.min(attemptTimeoutMs, this.#deadline.remainingMs());
      const data = await this.#http.attempt(config, timeoutMs, tracing.outgoingHeaders());
      ended({ outcome: 'success', status: data.status });
      return { data, status: 200, statusText: '', headers: {}, config };
    } catch (error) {
      if (error instanceof AttemptError) this.#lastError = error;
      ended(endingOf(error));
      throw error;
    }
  }

  #mayRetry(): boolean {
    const error = this.#lastError;
    if (error === undefined || !retryableKinds.has(error.failure.kind)) return false;
    // The schedule is fixed, whatever `Retry-After` says; but a provider that asks to be left alone for longer than
    // the call can last is not asked again.
    const neededMs = Math.max(retryDelayMs(this.#retries + 1), error.retryAfterMs);
    return this.#mayContinue() && neededMs < this.#deadline.remainingMs();
  }

  #mayContinue(): boolean {
    return this.#options.mayContinue() && this.#deadline.remainingMs() > 0;
  }

  #ended(ending: Ending): void {
    const { userId, emit } = this.#options;
    const durationMs = performance.now() - this.#startedAt;
    emit({ type: 'call-ended', userId, ending, attempts: this.#attempts, durationMs });
  }
}

function pathOf(userId: string): string {
  // `encodeURIComponent` throws on half a surrogate pair.
  return `/enrichment/${encodeURIComponent(userId.toWellFormed())}`;
}

/** A 404 is the answer that the provider has no data, hence no failure. */
function describeEnding(span: Span, ending: Ending): void {
  if (ending.outcome === 'success') {
    span.set({ 'http.response.status_code': ending.status === 'available' ? 200 : 404 });
  } else {
    span.set({ 'http.response.status_code': ending.failure.status });
    span.fail(ending.failure.kind);
  }
}

function endingOf(error: unknown): Ending {
  const failure: Failure = error instanceof AttemptError ? error.failure : { kind: 'internal-error', error };
  return { outcome: failure.kind === 'timeout' ? 'timeout' : 'failure', failure };
}
