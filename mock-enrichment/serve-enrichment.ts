import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { enrichmentFor } from './enrichment-data.ts';
import { sendJson, sendText } from './json-messages.ts';
import type { MockControl } from './mock-control.ts';
import type { RequestLog } from './request-log.ts';

const RETRY_AFTER_SECONDS = 1;
const MALFORMED_JSON = '{"company":"Halden Optics","title":';

interface Provider {
  readonly control: MockControl;
  readonly log: RequestLog;
}

/**
 * The provider's route: answers as the operator has chosen, and notes what became of the request.
 * `healthy`: 200 at once · `slow`: 200 after `latencyMs` · `failing`: 500 · `rate-limited`: 429 with `Retry-After` ·
 * `not-found`: 404 · `malformed`: 200 with JSON that breaks off · `reset`: a TCP reset · `hanging`: no answer,
 * for as long as the caller stays · `flaky`: `failing` or `healthy`, request by request.
 */
export function serveEnrichment(
  userId: string,
  request: IncomingMessage,
  response: ServerResponse,
  { control, log }: Provider,
): void {
  const { mode, latencyMs } = control.state;
  const behaviour = control.nextBehaviour();
  const settle = log.record(userId, mode, behaviour === 'hanging' ? 'hanging' : 'pending');
  response.once('close', () => settle('client-gone'));

  const answer = (status: number, body: unknown, headers?: OutgoingHttpHeaders) => {
    settle(`${status}`);
    sendJson(response, status, body, headers);
  };

  switch (behaviour) {
    case 'healthy':
      return answer(200, enrichmentFor(userId));
    case 'slow': {
      const timer = setTimeout(() => answer(200, enrichmentFor(userId)), latencyMs);
      response.once('close', () => clearTimeout(timer));
      return;
    }
    case 'failing':
      return answer(500, { error: 'internal-error', message: 'The provider has failed.' });
    case 'rate-limited':
      return answer(
        429,
        { error: 'rate-limited', message: 'Too many requests.' },
        { 'Retry-After': RETRY_AFTER_SECONDS },
      );
    case 'not-found':
      return answer(404, { error: 'not-found', message: 'The provider knows nothing about this user.' });
    case 'malformed':
      settle('200');
      return sendText(response, 200, MALFORMED_JSON, { 'Content-Type': 'application/json; charset=utf-8' });
    case 'reset':
      settle('reset');
      request.socket.resetAndDestroy();
      return;
    case 'hanging':
      return;
    default:
      return behaviour satisfies never;
  }
}
