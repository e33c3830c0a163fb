import type { ServerResponse } from 'node:http';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { HttpEvent } from './http-events.ts';
import { contextOf } from './request-context.ts';

/** Tells the beginning and the end of each request: when its answer has gone out, or its connection has. */
export function observeRequests(events: EventStream<HttpEvent>): (res: ServerResponse) => void {
  // One for all of them: what it needs to know hangs on the answer.
  function tellEnd(this: ServerResponse): void {
    const { requestId, traceId, route, problemCode, startedAt, isStream } = contextOf(this);
    events.emit({
      type: 'request-ended',
      requestId,
      traceId,
      method: this.req.method ?? '',
      route,
      status: this.headersSent ? this.statusCode : undefined,
      code: problemCode,
      durationMs: performance.now() - startedAt,
      abandoned: !isStream && !this.writableFinished,
      isStream,
    });
  }

  return (res) => {
    events.emit({ type: 'request-started' });
    res.on('close', tellEnd);
  };
}
