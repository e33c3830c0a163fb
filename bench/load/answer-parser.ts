/** How an answer begins, and where it ends. */
export interface AnswerHead {
  readonly status: number;
  /** Header fields as they were sent, without the status line. */
  readonly headers: string;
  /** Head and body together. */
  readonly bytes: number;
}

const statusAt = 'HTTP/1.1 '.length;

/**
 * Reads the head of an HTTP/1.1 answer. It knows what the measured servers send, a length or no body, and no chunks.
 *
 * @returns null when the head has not come to its end yet
 * @throws Error when it is no such answer
 */
export function parseAnswerHead(received: Buffer): AnswerHead | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = received.toString('latin1', 0, headEnd);
  const status = Number(head.slice(statusAt, statusAt + 3));
  if (!head.startsWith('HTTP/1.1 ') || !(status >= 200)) throw new Error(`This is no answer: ${head.slice(0, 80)}`);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && status !== 204 && status !== 304) {
    throw new Error(`An answer of ${status} does not say how long it is.`);
  }
  const headers = head.slice(head.indexOf('\r\n') + 2);
  return { status, headers, bytes: headEnd + 4 + Number(length ?? 0) };
}
