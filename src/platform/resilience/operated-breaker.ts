/** `closed`: calls go out. `open`: none does. `half-open`: one does, as the probe that decides. */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitStateChange {
  readonly name: string;
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** The operator who made it; null: the calls did, or time. */
  readonly by: string | null;
}

export interface CircuitBreakerLimits {
  /** Opens when more than this share (0–1) of the calls in the window failed; exactly this share is not more. */
  readonly failureRatio: number;
  /** … provided that at least so many calls were started in the window. */
  readonly volume: number;
  /** Length of the window. It slides in tenths of its length. */
  readonly windowMs: number;
  /**
   * Opens after so many failures in a row, too. A call that is under way counts as a call but not yet as a failure, so
   * under load the ratio alone opens late: the slower the failures, the later.
   */
  readonly consecutiveFailures: number;
  /** How long it stays open before it lets a probe through. */
  readonly resetMs: number;
}

/** While it is open, the first three are those that it opened with. */
export interface CircuitFigures {
  /** Calls that ended in the window. */
  readonly volume: number;
  /** Of them, 0 to 1; 0 when there were none. */
  readonly errorShare: number;
  readonly consecutiveFailures: number;
  /** 0 while a probe is awaited or under way; null while it is closed or held open. */
  readonly nextProbeInMs: number | null;
  /** When it came to its state: milliseconds since 1970. */
  readonly since: number;
}

/**
 * What an operator sees of a breaker and does to it. A change says whose it is; what is so already is none. Calls that
 * are under way end as they would have, and no longer move the breaker. After its shutdown nothing does.
 */
export interface OperatedBreaker {
  readonly state: CircuitState;
  readonly limits: CircuitBreakerLimits;
  /** Whether an operator holds it open. */
  readonly isForced: boolean;
  figures(): CircuitFigures;
  /** Holds it open, without probes, until somebody closes or resets it. */
  forceOpen(by: string): void;
  /** Lets all calls out again. What it has counted while it was closed stays. */
  close(by: string): void;
  /** Closes it, if it is not closed, and forgets all that it has counted. */
  reset(by: string): void;
}
