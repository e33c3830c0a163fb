import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { contextOf } from './request-context.ts';
import { answerHeaders } from './security-headers.ts';

/** Of every answer, names and values by turns. */
const everyAnswer: readonly string[] = [...answerHeaders].flat();

/** The headers of every answer, for this one, and its own: names and values by turns, in a new list. */
export function headersOfAnswer(res: ServerResponse, own: readonly string[]): string[] {
  const list = everyAnswer.concat(own);
  list.push('X-Request-Id', contextOf(res).requestId);
  return list;
}

/**
 * Sends the status and these headers, and no others, in one go: a third of what it costs to set them one by one.
 *
 * @param headers names and values by turns
 */
export function writeHeaders(res: ServerResponse, status: number, headers: string[]): void {
  ServerResponse.prototype.writeHead.call(res, status, headers);
}

/**
 * From now on whoever sends this answer, in whatever way, sends the headers of every answer with it. Those of the same
 * names that have been set for this one stay.
 */
export function completeHeaders(res: ServerResponse): void {
  res.writeHead = writeHeadOfAnswer;
}

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

function writeHeadOfAnswer<Res extends ServerResponse>(
  this: Res,
  status: number,
  reason?: string | Headers,
  headers?: Headers,
): Res {
  for (const [name, value] of answerHeaders) if (!this.hasHeader(name)) this.setHeader(name, value);
  this.setHeader('X-Request-Id', contextOf(this).requestId);
  if (typeof reason === 'string') this.statusMessage = reason;
  ServerResponse.prototype.writeHead.call(this, status, typeof reason === 'string' ? headers : reason);
  return this;
}
