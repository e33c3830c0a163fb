import type { CircuitStateChange } from '../../platform/resilience/operated-breaker.ts';
import type { FailureKind, UnavailableReason } from './enrichment-client.ts';

/** Why an attempt, or a call, failed. */
export interface Failure {
  readonly kind: FailureKind;
  /** The HTTP status, when that was the reason. */
  readonly status?: number;
  /** The system's or the parser's error code, when there was one. */
  readonly code?: string;
  /** What was thrown, when `kind` is `internal-error`. */
  readonly error?: unknown;
}

/** How an attempt, or a call with all its attempts, ended. That the provider has no data is a success. */
export type Ending =
  | { readonly outcome: 'success'; readonly status: 'available' | 'notFound' }
  | { readonly outcome: 'failure' | 'timeout'; readonly failure: Failure };

/**
 * Everything that the enrichment client does, as it does it. A *call* is one question to the provider, with up to four
 * *attempts*, each an HTTP request; several callers can share a call. Its `requestId` is that of the request which it was
 * made for, the first of those that share it; null: it was made for none.
 */
export type EnrichmentEvent =
  | { readonly type: 'call-started'; readonly userId: string; readonly requestId: string | null }
  | {
      readonly type: 'call-ended';
      readonly userId: string;
      readonly ending: Ending;
      readonly attempts: number;
      readonly durationMs: number;
    }
  | {
      readonly type: 'attempt-ended';
      readonly userId: string;
      /** 1 is the first. */
      readonly attempt: number;
      readonly ending: Ending;
      readonly durationMs: number;
    }
  | {
      readonly type: 'retry-scheduled';
      readonly userId: string;
      /** 1 is the first. */
      readonly retry: number;
      readonly delayMs: number;
    }
  /** The breaker refused the call. */
  | { readonly type: 'short-circuited'; readonly userId: string; readonly requestId: string | null }
  /** The bulkhead refused the call. */
  | { readonly type: 'rejected'; readonly userId: string; readonly requestId: string | null }
  /** A caller was told `unavailable`. */
  | { readonly type: 'fallback'; readonly userId: string; readonly reason: UnavailableReason }
  | ({ readonly type: 'breaker-state-changed' } & Omit<CircuitStateChange, 'name'>);
