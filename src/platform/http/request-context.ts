import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const safeRequestId = /^[\w.~:/+=@-]{1,128}$/;

/** The template of a request that no route has matched. */
export const unmatched = 'unmatched';

/** What is known of a request while it is answered, whoever answers it. */
export class RequestContext {
  readonly requestId: string;
  /** On the monotonic clock, in milliseconds. */
  readonly startedAt = performance.now();
  /** The template, such as `/api/users/:id`, or `unmatched`: never a path, which holds user data and has no bound. */
  route = unmatched;
  /** When the request belongs to a trace. */
  traceId: string | undefined = undefined;
  /** The problem's code, when the answer is one. */
  problemCode: string | undefined = undefined;
  /** Whether the answer goes on until somebody leaves, so that its length tells nothing, and any end of it is a good one. */
  isStream = false;

  constructor(requestId: string) {
    this.requestId = requestId;
  }
}

const key = Symbol('request context');

declare module 'node:http' {
  interface ServerResponse {
    /** A property rather than a `WeakMap`, which costs every request half a microsecond. */
    [key]?: RequestContext;
  }
}

/** The context of the request that `res` answers. It begins when it is asked for first, in front of everything else. */
export function contextOf(res: ServerResponse): RequestContext {
  return (res[key] ??= new RequestContext(requestIdFor(res.req)));
}

/** The id of the request that `res` answers. */
export function requestIdOf(res: ServerResponse): string {
  return contextOf(res).requestId;
}

/**
 * The caller's own id if it is 1–128 safe characters, otherwise a new one: not one in the order of time, which costs ten
 * times as much.
 */
function requestIdFor({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && safeRequestId.test(given) ? given : randomUUID();
}
