/**
 * A failure that the caller can be told about by name.
 *
 * `code` is stable and part of the API (`/problems/<code>`); the message must hold nothing personal, because it is
 * answered and logged. Which HTTP status a code has is decided at the edge, in the problem catalogue.
 */
export class DomainError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
