import { connect, type Socket } from 'node:net';
import { parseAnswerHead, type AnswerHead } from './answer-parser.ts';

const receiveBytes = 64 * 1024;

export interface Received extends AnswerHead {
  /** Only valid until the next request is sent. */
  readonly answer: Buffer;
}

/**
 * One connection that is kept, with one request under way at most.
 *
 * Node's own HTTP client costs more than the servers that are measured. This one reads into one buffer of its own and
 * looks at no more of an answer than it needs, so that the generator has time to spare.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #onAnswer: (received: Received) => void;
  readonly #onBroken: (reason: Error) => void;
  /** What has come of an answer that came in parts. */
  #begun: Buffer | null = null;
  /** The head of that answer, once it is complete. */
  #head: AnswerHead | null = null;

  /** @param onBroken when the connection ends, or is answered with what it does not understand */
  constructor(port: number, onAnswer: (received: Received) => void, onBroken: (reason: Error) => void) {
    this.#onAnswer = onAnswer;
    this.#onBroken = onBroken;
    const onread = {
      buffer: Buffer.allocUnsafe(receiveBytes),
      callback: (bytes: number, buffer: Uint8Array): boolean => {
        this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.once('error', onBroken);
    this.#socket.once('close', () => onBroken(new Error(`The server at port ${port} has closed a connection.`)));
  }

  /** @param request must stay as it is until it has been answered */
  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #read(chunk: Buffer): void {
    try {
      const answer = this.#begun === null ? chunk : Buffer.concat([this.#begun, chunk]);
      this.#head ??= parseAnswerHead(answer);
      if (this.#head === null || answer.length < this.#head.bytes) {
        // The buffer that it was read into is about to be used again.
        this.#begun = Buffer.from(answer);
        return;
      }
      const received = { ...this.#head, answer };
      this.#head = null;
      this.#begun = null;
      this.#onAnswer(received);
    } catch (error) {
      this.close();
      this.#onBroken(error instanceof Error ? error : new Error('An answer could not be read.'));
    }
  }
}
