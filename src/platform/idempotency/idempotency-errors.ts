import { DomainError } from '../domain-error.ts';

/** A request with the same key is being carried out; what it will answer is not known yet. */
export class RequestInProgressError extends DomainError {
  constructor(options?: ErrorOptions) {
    super('request-in-progress', 'A request with this Idempotency-Key is still being carried out.', options);
  }
}

/** The key belongs to another request. */
export class IdempotencyKeyReusedError extends DomainError {
  constructor() {
    super('idempotency-key-reused', 'This Idempotency-Key has been used for another request.');
  }
}
