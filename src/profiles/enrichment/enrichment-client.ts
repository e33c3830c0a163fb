/** Why an attempt to ask the provider gave no answer. */
export type FailureKind =
  /** Refused, reset, unresolved or broken off. */
  | 'network'
  /** No complete answer in the time that the attempt, or the call, had. */
  | 'timeout'
  /** Status 5xx. */
  | 'server-error'
  /** Status 429. */
  | 'rate-limited'
  /** Any other status than 200 and 404, redirects included. */
  | 'unexpected-status'
  /** More than 64 KiB. */
  | 'oversized'
  /** Not a JSON object, or not HTTP. */
  | 'malformed'
  /** A defect of this program. */
  | 'internal-error';

export type UnavailableReason =
  | FailureKind
  /** The circuit breaker is open: the provider was not asked. */
  | 'circuit-open'
  /** As many calls as may be are under way: the provider was not asked. */
  | 'rejected'
  /** The caller's own signal aborted. */
  | 'caller-gone';

/** What the provider said about a user: data, or that it has none. */
export type EnrichmentAnswer =
  /** The provider's own object, the text that it came as: to parse and write it would change numbers of many digits. */
  { readonly status: 'available'; readonly json: string } | { readonly status: 'notFound' };

export type EnrichmentOutcome =
  | EnrichmentAnswer
  | { readonly status: 'unavailable'; readonly reason: UnavailableReason };

export interface EnrichmentFetchOptions {
  readonly signal?: AbortSignal;
  readonly requestId?: string;
}

export interface EnrichmentClient {
  /**
   * Asks the provider what it knows about a user. Never rejects, and answers within the deadline of a call.
   *
   * @param options.signal the caller is no longer interested when it aborts; others who asked for the same user are not
   * affected
   * @param options.requestId of the request that it is asked for
   */
  fetch(userId: string, options?: EnrichmentFetchOptions): Promise<EnrichmentOutcome>;
}
