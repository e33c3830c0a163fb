import type { CircuitState } from '../../platform/resilience/operated-breaker.ts';

/** What is between the callers and the service, and between the service and what it depends on. */
export const edges = ['clients', 'database', 'cache', 'enrichment'] as const;
export type Edge = (typeof edges)[number];

/** How calls over an edge ended. Clients' requests are a `success` or a `failure` (5xx), or `rejected` (overload). */
export interface OutcomeCounts {
  readonly success: number;
  readonly failure: number;
  readonly timeout: number;
  readonly shortCircuited: number;
  readonly rejected: number;
  /** Answers that had to do without it; they are counted among the other outcomes, too. */
  readonly fallback: number;
}

/** Of calls that were made, in milliseconds; null: there were none. */
export interface Latencies {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** One whole second of one edge. */
export interface EdgePoint extends OutcomeCounts, Latencies {}

/** One whole second. */
export interface HistoryPoint {
  /** When it began: milliseconds since 1970, a whole number of seconds. Grows from point to point. */
  readonly at: number;
  readonly edges: Readonly<Record<Edge, EdgePoint>>;
}

export type Health = 'healthy' | 'degraded' | 'down' | 'idle';

/** The last ten seconds of one edge. */
export interface EdgeFigures extends OutcomeCounts, Latencies {
  readonly health: Health;
  readonly perSecond: number;
  /** Of the calls that were made, 0 to 1; 0 when there were none. */
  readonly errorShare: number;
  /** Whether there is such a dependency at all: without `REDIS_URL` there is no shared cache. */
  readonly isUsed: boolean;
}

export interface BreakerChange {
  readonly breaker: BreakerName;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** Who made it, when it was no failure: the name that was given with the control. */
  readonly by: string | null;
}

export type BreakerName = Exclude<Edge, 'clients'>;

export interface BreakerSnapshot {
  readonly name: BreakerName;
  readonly state: CircuitState;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Whether an operator holds it open, until he closes or resets it. */
  readonly isForced: boolean;
  /** Calls that ended in the breaker's window. */
  readonly volume: number;
  /** Of them, 0 to 1; 0 when there were none. */
  readonly errorShare: number;
  readonly consecutiveFailures: number;
  /** In how many milliseconds the next call may go out as a probe; null while it is closed, or held open. */
  readonly nextProbeInMs: number | null;
  readonly limits: {
    readonly failureRatio: number;
    readonly volume: number;
    readonly windowMs: number;
    readonly consecutiveFailures: number;
    readonly resetMs: number;
  };
  /** Of the last ten seconds. */
  readonly counts: OutcomeCounts;
}

/** One HTTP request of a call, or the wait before the next one. */
export type CallStep =
  | {
      readonly kind: 'attempt';
      /** From the start of the call. */
      readonly fromMs: number;
      readonly durationMs: number;
      readonly outcome: 'success' | 'failure' | 'timeout';
      /** `available`, `notFound`, or why it failed: `timeout`, `server-error`, `network` … */
      readonly detail: string;
      readonly status: number | null;
    }
  | { readonly kind: 'wait'; readonly fromMs: number; readonly durationMs: number };

/** One question to the provider, or one that was not asked. */
export interface TappedCall {
  /** Grows from call to call. */
  readonly number: number;
  /** When it began: milliseconds since 1970. */
  readonly at: number;
  readonly userId: string;
  /** Of the request that it was made for; of several that share it, the first. Null when it was made for none. */
  readonly requestId: string | null;
  readonly outcome: 'success' | 'failure' | 'timeout' | 'short-circuited' | 'rejected';
  readonly durationMs: number;
  readonly steps: readonly CallStep[];
}

/** What the dashboard shows. */
export interface ResilienceSnapshot {
  /** Of server-sent events, and for `?since=`: of two snapshots of one process the later one has the greater. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly service: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Of several processes that share the work this is the one that is shown; null: there is only this one. */
  readonly worker: number | null;
  readonly edges: Readonly<Record<Edge, EdgeFigures>>;
  readonly breakers: readonly BreakerSnapshot[];
  /** The last changes, oldest first: 20 of each breaker at most. */
  readonly changes: readonly BreakerChange[];
  /** Whole seconds since the snapshot that was named, or of the last five minutes, oldest first. */
  readonly points: readonly HistoryPoint[];
  /** Calls that ended since the snapshot that was named, or the last 50, oldest first. */
  readonly calls: readonly TappedCall[];
  /** What may be changed from here. */
  readonly controls: { readonly breakers: boolean; readonly provider: boolean };
}
