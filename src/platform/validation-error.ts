import { DomainError } from './domain-error.ts';

/** One thing wrong with a request; `pointer` is a JSON pointer (RFC 6901) in URI fragment form. */
export interface Violation {
  readonly pointer: string;
  readonly detail: string;
}

/** The request cannot be carried out as it is written. Names places and rules, never the rejected values. */
export class ValidationError extends DomainError {
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super('validation-failed', 'The request does not follow the rules of this endpoint.');
    this.violations = violations;
  }
}

/** `pointerTo('metadata', 'a/b')` is `#/metadata/a~1b` (RFC 6901, section 6). */
export function pointerTo(...segments: readonly (string | number)[]): string {
  const escaped = segments.map((segment) =>
    encodeURIComponent(String(segment).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return ['#', ...escaped].join('/');
}
