/**
 * There was no answer of the service: nobody listens, the connection broke, the deadline has passed, or something in
 * between has answered. What it was is the `cause`. A write may have been made.
 */
export class ProfileUnreachableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProfileUnreachableError';
  }
}
