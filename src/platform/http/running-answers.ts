import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ReaderLimits {
  /** How long a client may take to read an answer that is complete. */
  readonly answerTimeoutMs: number;
  /** How much may wait for clients to read it, all of them together. */
  readonly unsentBytesMax: number;
  /** How often both are looked at. */
  readonly checkEveryMs: number;
}

interface Connection {
  readonly answers: Set<ServerResponse>;
  /** How many requests were not taken, because too many were under way. */
  passedOver: number;
}

/** The answers under way, from the headers of their request until they have gone out or their client has. */
export class RunningAnswers implements Iterable<ServerResponse> {
  readonly #answers = new Set<ServerResponse>();
  /** When an answer that was complete was first seen to wait. */
  readonly #waitingSince = new WeakMap<ServerResponse, number>();
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #perConnectionMax: number;

  constructor({ answersPerConnectionMax }: { readonly answersPerConnectionMax: number }) {
    this.#perConnectionMax = answersPerConnectionMax;
  }

  [Symbol.iterator](): Iterator<ServerResponse> {
    return this.#answers.values();
  }

  get size(): number {
    return this.#answers.size;
  }

  /** Those of one connection, in the order in which they go out. */
  of(socket: Socket): ReadonlySet<ServerResponse> {
    return this.#connectionOf(socket).answers;
  }

  /**
   * Adds an answer, unless too many are under way on its connection already. That connection then ends behind those, and
   * its client repeats the rest on another one (RFC 9112, section 9.3.2).
   *
   * @returns whether the request is to be answered
   */
  add(res: ServerResponse): boolean {
    const { socket } = res.req;
    const connection = this.#connectionOf(socket);
    const { answers } = connection;
    if (connection.passedOver > 0 || answers.size >= this.#perConnectionMax) {
      this.#passOver(connection, socket);
      return false;
    }
    this.#answers.add(res);
    answers.add(res);
    res.once('close', () => {
      this.#answers.delete(res);
      answers.delete(res);
      if (connection.passedOver > 0 && answers.size === 0) socket.destroySoon();
    });
    return true;
  }

  #connectionOf(socket: Socket): Connection {
    let connection = this.#connections.get(socket);
    if (connection === undefined) {
      connection = { answers: new Set(), passedOver: 0 };
      this.#connections.set(socket, connection);
    }
    return connection;
  }

  #passOver(connection: Connection, socket: Socket): void {
    connection.passedOver += 1;
    const last = [...connection.answers].at(-1);
    if (last !== undefined && !last.headersSent) last.shouldKeepAlive = false;
    // Node.js keeps each request until the connection is closed, which can wait for a few of them, not for a flood.
    if (connection.passedOver > this.#perConnectionMax) socket.destroy();
  }

  /**
   * Cuts the connections of clients that do not read their answers: those that take too long, and, when too much waits
   * in all, the oldest. Node.js has no limit for either; a timeout of the socket counts from the last byte, and is
   * outwitted by a client that reads one now and then.
   *
   * @returns a function that ends it
   */
  cutSlowReaders(limits: ReaderLimits): () => void {
    const timer = setInterval(() => this.#cut(limits), limits.checkEveryMs).unref();
    return () => clearInterval(timer);
  }

  #cut({ answerTimeoutMs, unsentBytesMax }: ReaderLimits): void {
    const now = performance.now();
    let unsentBytes = 0;
    for (const res of this.#answers) unsentBytes += res.writableLength;
    for (const res of this.#answers) {
      const bytes = res.writableLength;
      const isExcess = unsentBytes > unsentBytesMax && bytes > 0;
      if (!isExcess && !this.#isOverdue(res, now, answerTimeoutMs)) continue;
      unsentBytes -= bytes;
      res.req.socket.destroy();
    }
  }

  #isOverdue(res: ServerResponse, now: number, answerTimeoutMs: number): boolean {
    if (!res.writableEnded) return false;
    const since = this.#waitingSince.get(res);
    if (since === undefined) this.#waitingSince.set(res, now);
    return since !== undefined && now - since >= answerTimeoutMs;
  }
}
