import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError } from '../domain-error.ts';
import type { Answer } from '../idempotency/answer.ts';
import { rootCauseOf } from '../telemetry/describe-error.ts';
import { RateLimitedError } from '../rate-limit/rate-limiter.ts';
import type { Logger } from '../telemetry/logger.ts';
import { pointerTo, ValidationError, type Violation } from '../validation-error.ts';
import type { ProblemCatalogue, ProblemType } from './problem-catalogue.ts';
import { contextOf, requestIdOf } from './request-context.ts';
import { jsonAnswer, sendAnswer } from './responses.ts';
import { answerHeaders } from './security-headers.ts';

/** The body of every error answer (RFC 9457), with our extensions. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  requestId: string;
  errors?: readonly Violation[];
}

/** Answers a request that has failed. */
export type ProblemHandler = (thrown: unknown, req: IncomingMessage, res: ServerResponse) => void;

export const problemMediaType = 'application/problem+json';

export function describeProblem(
  problem: ProblemType,
  occurrence: { detail: string; instance: string; requestId: string; errors?: readonly Violation[] },
): ProblemDetails {
  const { code, title, status } = problem;
  return { type: `/problems/${code}`, title, status, code, ...occurrence };
}

/**
 * Answers with a problem, whatever was thrown.
 *
 * Errors of ours keep their message. An error nobody foresaw is logged whole and answered with nothing but the
 * request id, so that no stack, SQL or value gets out.
 */
export function problemHandler(catalogue: ProblemCatalogue, logger: Pick<Logger, 'warn' | 'error'>): ProblemHandler {
  return (thrown, req, res) => {
    // Nobody is there to be answered: the client has hung up, or has been told already that its body is endless.
    if (res.destroyed || res.writableEnded) return;
    if (res.headersSent) {
      logger.error({ err: thrown, requestId: requestIdOf(res) }, 'Request failed after its answer had begun');
      res.destroy();
      return;
    }
    const problem = problemOf(catalogue, thrown);
    if (problem.status === 500) logger.error({ err: thrown, requestId: requestIdOf(res) }, 'Request failed');
    if (problem.status === 503) {
      // Under load these lines are many, so they go without stacks.
      logger.warn({ code: problem.code, reason: rootCauseOf(thrown), requestId: requestIdOf(res) }, 'Request refused');
    }
    contextOf(res).problemCode = problem.code;
    // What was to be a page has others.
    for (const name of answerHeaders.keys()) res.removeHeader(name);
    sendAnswer(res, problemAnswer(catalogue, thrown, req, res));
  };
}

/** The answer to a request that ended with `thrown`. */
export function problemAnswer(
  catalogue: ProblemCatalogue,
  thrown: unknown,
  req: IncomingMessage & { readonly originalUrl?: string },
  res: ServerResponse,
): Answer {
  const problem = problemOf(catalogue, thrown);
  const error = toDomainError(thrown);
  const body = describeProblem(problem, {
    detail: error && problem.status !== 500 ? error.message : problem.meaning,
    instance: instanceOf(req.originalUrl ?? req.url ?? '/'),
    requestId: requestIdOf(res),
    ...(error instanceof ValidationError ? { errors: error.violations } : {}),
  });
  const { retryAfterSeconds } = error instanceof RateLimitedError ? error : problem;
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  return jsonAnswer(problem.status, body, headers, problemMediaType);
}

function problemOf(catalogue: ProblemCatalogue, thrown: unknown): ProblemType {
  const problem = catalogue.get(toDomainError(thrown)?.code ?? 'internal-error') ?? catalogue.get('internal-error');
  if (!problem) throw new Error('The problem catalogue has no entry for internal-error.');
  return problem;
}

/**
 * The path that was asked for, as a URI reference even if it was none, without the query, whose values may be personal.
 */
export function instanceOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  return encodeURI(path.toWellFormed()).replaceAll(/%25([0-9A-Fa-f]{2})/g, '%$1');
}

/** What body-parser and Express's router throw, by the `type` and `status` they document. */
function toDomainError(thrown: unknown): DomainError | undefined {
  if (thrown instanceof DomainError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  if (thrown instanceof URIError || ('status' in thrown && thrown.message.startsWith('Failed to decode param'))) {
    return new ValidationError([{ pointer: pointerTo('path'), detail: 'is not valid percent-encoded UTF-8' }]);
  }
  const type = 'type' in thrown ? thrown.type : undefined;
  switch (type) {
    case 'entity.parse.failed':
    case 'encoding.invalid':
      return new DomainError('malformed-json', 'The body is not valid JSON.', { cause: thrown });
    case 'entity.too.large':
      return new DomainError('body-too-large', 'The body has more than 100 KiB.', { cause: thrown });
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new DomainError(
        'unsupported-media-type',
        'The body must be UTF-8, plain or compressed with gzip, deflate or br.',
        {
          cause: thrown,
        },
      );
    case 'request.aborted':
    case 'request.size.invalid':
      return new DomainError('malformed-request', 'The body ended before its announced length.', { cause: thrown });
    default:
      break;
  }
  if ('status' in thrown && thrown.status === 400) {
    return new DomainError('malformed-request', 'The body could not be read.', { cause: thrown });
  }
  return undefined;
}
