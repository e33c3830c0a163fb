import type { CircuitStateChange } from '../resilience/operated-breaker.ts';
import type { PutOutcome } from './redis-cache-scripts.ts';

/**
 * Why the cache is not used, when Redis itself has not said so. `another-journal`: Redis has lost what it knew, or another process
 * has begun anew. `behind`: too many changes wait for Redis. `not-following`: it is not known what has changed.
 * `journal-unreadable`: the database did not say what has changed. `unexpected`: by a defect.
 */
export type LeaveReason =
  | 'not-connected'
  | 'another-journal'
  | 'behind'
  | 'not-following'
  | 'journal-unreadable'
  | 'unexpected';

/** What happens with the cache in Redis. */
export type RedisCacheEvent =
  /** Redis was asked. */
  | { readonly type: 'call-ended'; readonly outcome: 'success' | 'failure' | 'timeout'; readonly durationMs: number }
  /** The open breaker kept a call back. */
  | { readonly type: 'short-circuited' }
  /** Too many entries were on their way to Redis: this one is not stored. */
  | { readonly type: 'put-rejected' }
  | { readonly type: 'put-ended'; readonly outcome: PutOutcome }
  /** Something stood under a key of the cache that it has not written so. */
  | { readonly type: 'entry-unreadable' }
  /** It is used from now on. `kept`: with what other processes, or this one before, have stored. */
  | { readonly type: 'joined'; readonly entries: 'kept' | 'dropped' }
  /**
   * It is not used from now on, or could not be at the start. `code`: as `redisCodeOf` tells it,
   * `circuit-open`, or a `LeaveReason`. `error`: only of a defect.
   */
  | { readonly type: 'left'; readonly code: string; readonly error?: unknown }
  | ({ readonly type: 'breaker-state-changed' } & Omit<CircuitStateChange, 'name'>);
