import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { HttpEvent, ShedReason } from './http-events.ts';
import type { ProblemCatalogue, ProblemType } from './problem-catalogue.ts';
import { describeProblem, instanceOf, problemMediaType } from './problem-details.ts';
import { requestIdOf } from './request-context.ts';
import { jsonAnswer, sendAnswer } from './responses.ts';

const detail = 'There is too much to do at the moment.';
/** A body that is longer is not waited for: the connection is closed behind the answer. */
const drainLimitBytes = 100 * 1024;

/**
 * Refuses requests to `/api` with 503 `overloaded` while `reasonToShed` names a reason, before anything has been read,
 * parsed or looked up for them: an overloaded process that spends its time on refusals has none left for work. Whatever
 * tells about the service itself is always let through.
 *
 * @returns a function that tells whether it has refused
 */
export function shedLoad(options: {
  readonly reasonToShed: () => ShedReason | null;
  /** Whether to answer costs no more than to refuse; asked only when there is a reason. */
  readonly isAtHand: (req: IncomingMessage) => boolean;
  readonly events: EventStream<HttpEvent>;
  readonly problems: ProblemCatalogue;
}): (req: IncomingMessage, res: ServerResponse) => boolean {
  const { reasonToShed, isAtHand, events, problems } = options;
  const problem = overloaded(problems);
  const headers = { 'Retry-After': String(problem.retryAfterSeconds) };

  return (req, res) => {
    const reason = reasonToShed();
    if (reason === null || !isOfApi(req.url) || isAtHand(req)) return false;
    const instance = instanceOf(req.url ?? '/');
    const body = describeProblem(problem, { detail, instance, requestId: requestIdOf(res) });
    if (!isShort(req)) res.shouldKeepAlive = false;
    sendAnswer(res, jsonAnswer(problem.status, body, headers, problemMediaType));
    events.emit({ type: 'request-shed', method: req.method ?? '', reason });
    return true;
  };
}

function overloaded(problems: ProblemCatalogue): ProblemType {
  const problem = problems.get('overloaded');
  if (!problem) throw new Error('The problem catalogue lacks overloaded.');
  return problem;
}

/** An address of the API, also with the server's name in front, as it is sent to proxies (RFC 9112, section 3.2.2). */
const addressOfApi = /^(?:[A-Za-z]+:\/\/[^/?#]*)?\/api(?:[/?#]|$)/;

/** Whether a request is for the API itself rather than for what tells about it. */
function isOfApi(url: string | undefined): boolean {
  return url !== undefined && addressOfApi.test(url);
}

/** Whether the body that follows, if any, is soon over; it is read and thrown away. */
function isShort({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= drainLimitBytes;
}
