/**
 * @import { CircuitState } from '../../../platform/resilience/operated-breaker.ts'
 * @import { Edge, Health, Latencies, OutcomeCounts, TappedCall } from '../resilience-snapshot.ts'
 *
 * @typedef {'good' | 'warn' | 'bad' | 'idle' | 'accent'} Tone
 *
 * @typedef {object} StateLook
 * @property {Tone} tone
 * @property {Health | CircuitState | 'skip'} icon
 * @property {string} word
 */

/** @type {Readonly<Record<Edge, string>>} */
export const EDGE_NAMES = { clients: 'Clients', database: 'Database', cache: 'Cache', enrichment: 'Enrichment' };

/** @type {Readonly<Record<keyof OutcomeCounts, string>>} */
export const OUTCOME_NAMES = {
  success: 'Success',
  failure: 'Failure',
  timeout: 'Timeout',
  shortCircuited: 'Short-circuited',
  rejected: 'Rejected',
  fallback: 'Fallback',
};

/** @type {Readonly<Record<keyof Latencies, string>>} */
export const PERCENTILE_NAMES = { p50Ms: 'p50', p95Ms: 'p95', p99Ms: 'p99' };

/** @type {Readonly<Record<Health, StateLook>>} */
export const HEALTH = {
  healthy: { tone: 'good', icon: 'healthy', word: 'healthy' },
  degraded: { tone: 'warn', icon: 'degraded', word: 'degraded' },
  down: { tone: 'bad', icon: 'down', word: 'down' },
  idle: { tone: 'idle', icon: 'idle', word: 'idle' },
};

/** @type {Readonly<Record<CircuitState, StateLook>>} */
export const BREAKER_STATES = {
  closed: { tone: 'good', icon: 'closed', word: 'closed' },
  'half-open': { tone: 'warn', icon: 'half-open', word: 'half-open' },
  open: { tone: 'bad', icon: 'open', word: 'open' },
};

/** @type {Readonly<Record<TappedCall['outcome'], StateLook>>} */
export const CALL_OUTCOMES = {
  success: { tone: 'good', icon: 'healthy', word: 'success' },
  failure: { tone: 'bad', icon: 'down', word: 'failure' },
  timeout: { tone: 'warn', icon: 'degraded', word: 'timeout' },
  'short-circuited': { tone: 'accent', icon: 'skip', word: 'short-circuited' },
  rejected: { tone: 'idle', icon: 'idle', word: 'rejected' },
};
