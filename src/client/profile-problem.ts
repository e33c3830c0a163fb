import type { Problem, ProblemCode, Violation } from './profile-types.ts';

/** The service has refused a request, or failed at it, and says why (RFC 9457). */
export class ProfileProblem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  /** What the service's log calls the request. */
  readonly requestId: string;
  /** Each rule that the request breaks; empty unless `code` is `validation-failed`. */
  readonly violations: readonly Violation[];

  constructor(problem: Problem) {
    super(`${problem.title}: ${problem.detail}`);
    this.name = 'ProfileProblem';
    this.code = problem.code;
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.violations = problem.errors ?? [];
  }
}

/** Whether the body of an answer is a problem, rather than a page of something that stands in between. */
export function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    ['title', 'code', 'detail', 'requestId'].every((name) => typeof Reflect.get(body, name) === 'string') &&
    typeof Reflect.get(body, 'status') === 'number'
  );
}
