import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { HttpEvent, ShedReason } from './http-events.ts';
import type { ProblemCatalogue, ProblemType } from './problem-catalogue.ts';
import { describeProblem, instanceOf, problemMediaType } from './problem-details.ts';
import { requestIdFor } from './request-context.ts';
import { answerHeaders } from './security-headers.ts';

const detail = 'There is too much to do at the moment.';
/** A body that is longer is not waited for: the connection is closed behind the answer. */
const drainLimitBytes = 100 * 1024;

/**
 * Stands in front of an application and refuses requests to `/api` with 503 `overloaded` while `reasonToShed` names a
 * reason, before anything has been read, parsed or looked up for them: an overloaded process that spends its time on
 * refusals has none left for work. Whatever tells about the service itself is always let through.
 */
export function shedLoad(
  handler: RequestListener,
  options: {
    readonly reasonToShed: () => ShedReason | null;
    readonly events: EventStream<HttpEvent>;
    readonly problems: ProblemCatalogue;
  },
): RequestListener {
  const { reasonToShed, events, problems } = options;
  const problem = overloaded(problems);
  const headers = [...answerHeaders]
    .flat()
    .concat(['Content-Type', `${problemMediaType}; charset=utf-8`], ['Retry-After', String(problem.retryAfterSeconds)]);

  function refuse(req: IncomingMessage, res: ServerResponse, reason: ShedReason): void {
    const given = req.headers['x-request-id'];
    // Not one in the order of time, which costs ten times as much.
    const requestId = given === undefined ? randomUUID() : requestIdFor(given);
    const instance = instanceOf(req.url ?? '/');
    const body = JSON.stringify(describeProblem(problem, { detail, instance, requestId }));
    if (!isShort(req)) res.shouldKeepAlive = false;
    // All of it is ASCII.
    res.writeHead(problem.status, [...headers, 'X-Request-Id', requestId, 'Content-Length', String(body.length)]);
    // As a text it goes out in one piece with the headers.
    res.end(body, 'latin1');
    events.emit({ type: 'request-shed', method: req.method ?? '', reason });
  }

  return (req, res) => {
    const reason = isOfApi(req.url) ? reasonToShed() : null;
    if (reason === null) handler(req, res);
    else refuse(req, res, reason);
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
