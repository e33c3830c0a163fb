/** The limits of the enrichment call; see the contract's *Resilience of the enrichment call*. */
export interface EnrichmentConfig {
  /** Base address of the provider. */
  readonly url: string;
  /** How long one attempt may take. */
  readonly attemptTimeoutMs: number;
  /** How long the whole call may take, retries and their delays included. */
  readonly deadlineMs: number;
  /** Calls at once; one more is rejected. */
  readonly maxConcurrent: number;
  readonly breaker: {
    /** Calls in the window before the error share counts. */
    readonly volume: number;
    readonly windowMs: number;
    /** Failures in a row that open the breaker whatever the share. */
    readonly consecutiveFailures: number;
    /** How long the breaker stays open before one probe decides. Not less than `deadlineMs`. */
    readonly resetMs: number;
  };
}
