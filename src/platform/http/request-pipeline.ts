import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { completeHeaders } from './answer-headers.ts';
import type { HotPath } from './hot-path.ts';
import type { HttpEvent } from './http-events.ts';
import { contextOf, requestIdOf } from './request-context.ts';
import { observeRequests } from './request-observer.ts';
import { traceRequests } from './request-tracing.ts';

/**
 * What every request passes, in order, in front of the application: the gate, the trace, the observer, the headers of
 * every answer, the hot paths. They are here once, whoever answers in the end, and as plain functions on what Node.js
 * gives, because a framework's way through its middleware costs several times what they do.
 */
export function requestPipeline(options: {
  /** Refuses a request when there is too much to do. @returns whether it has answered */
  readonly shed: (req: IncomingMessage, res: ServerResponse) => boolean;
  readonly events: EventStream<HttpEvent>;
  readonly tracing: Tracing;
  readonly hotPaths: readonly HotPath[];
  /** Answers a request that has failed. */
  readonly answerProblem: (thrown: unknown, req: IncomingMessage, res: ServerResponse) => void;
  readonly app: RequestListener;
}): RequestListener {
  const { shed, events, tracing, app } = options;
  const observe = observeRequests(events);
  const takeHotPath = hotPathTaker(options);

  const answer: RequestListener = (req, res) => {
    observe(res);
    if (takeHotPath(req, res)) return;
    completeHeaders(res);
    app(req, res);
  };
  const trace = traceRequests(tracing);
  return (req, res) => {
    // It begins here, with the id and the time.
    contextOf(res);
    if (shed(req, res)) return;
    if (tracing.enabled) trace(res, () => answer(req, res));
    else answer(req, res);
  };
}

function hotPathTaker({
  hotPaths,
  answerProblem,
  events,
}: Pick<Parameters<typeof requestPipeline>[0], 'hotPaths' | 'answerProblem' | 'events'>): (
  req: IncomingMessage,
  res: ServerResponse,
) => boolean {
  const failed = (thrown: unknown, res: ServerResponse): void => {
    try {
      completeHeaders(res);
      answerProblem(thrown, res.req, res);
    } catch (error) {
      // There is nobody behind this one: thrown on, it would end the process.
      res.destroy();
      events.emit({ type: 'answer-failed', requestId: requestIdOf(res), error });
    }
  };
  return (req, res) => {
    // A missing Host is for the application to refuse.
    if (req.headers.host === undefined) return false;
    for (const path of hotPaths) {
      const id = path.idOf(req);
      if (id === null) continue;
      contextOf(res).route = path.route;
      try {
        path.answer(id, req, res)?.catch((error: unknown) => failed(error, res));
      } catch (error) {
        failed(error, res);
      }
      return true;
    }
    return false;
  };
}
