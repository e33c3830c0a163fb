import { DomainError } from '../domain-error.ts';

/** How often each client may come: so many times within a window that begins with its first request. */
export interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** What a client has left, this request counted. */
export interface Allowance {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the window ends and all is to be had again. */
  readonly resetMs: number;
}

export interface RateLimiter {
  readonly limit: RateLimit;
  /** Counts a request of `client`. @throws Error when a shared counter cannot be asked */
  take(client: string): Promise<Allowance>;
}

/** A client has used up its limit. */
export class RateLimitedError extends DomainError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('rate-limited', 'This client has sent too many requests.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
