import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { contextOf } from './request-context.ts';

export interface ReaderLimits {
  /** How long a client may take to read an answer that is complete. */
  readonly answerTimeoutMs: number;
  /** How much may wait for clients to read it, all of them together. */
  readonly unsentBytesMax: number;
  /** How often both are looked at. */
  readonly checkEveryMs: number;
}

interface Connection {
  /**
   * In the order in which they go out. Lists rather than sets, and none of all answers: a set that answers come into and
   * go out of makes itself a new table every few requests, and V8's old ones keep whatever was in them, requests and all,
   * from being collected young. That made garbage collection the most expensive part of a short request.
   */
  readonly answers: ServerResponse[];
  /** How much had come on it when its last answer had gone out: what has come since is the beginning of a request. */
  bytesAnswered: number;
  /** How many requests were not taken, because too many were under way. */
  passedOver: number;
  /** Behind this one it ends; null: it may be kept. */
  last: ServerResponse | null;
}

const key = Symbol('connection');

declare module 'node:net' {
  interface Socket {
    /** A property rather than a `WeakMap`, which every request would have to search. */
    [key]?: Connection;
  }
}

/** The answers under way, from the headers of their request until they have gone out or their client has. */
export class RunningAnswers implements Iterable<ServerResponse> {
  /** Those that are open and have brought a request. */
  readonly #connections = new Set<Connection>();
  /** When an answer that was complete was first seen to wait. */
  readonly #waitingSince = new WeakMap<ServerResponse, number>();
  readonly #perConnectionMax: number;

  constructor({ answersPerConnectionMax }: { readonly answersPerConnectionMax: number }) {
    this.#perConnectionMax = answersPerConnectionMax;
  }

  *[Symbol.iterator](): Iterator<ServerResponse> {
    for (const { answers } of this.#connections) yield* answers;
  }

  get size(): number {
    let size = 0;
    for (const { answers } of this.#connections) size += answers.length;
    return size;
  }

  /** Those of one connection, in the order in which they go out. */
  of(socket: Socket): readonly ServerResponse[] {
    return socket[key]?.answers ?? [];
  }

  /** Whether a connection waits for a request of which nothing has come yet. */
  isIdle(socket: Socket): boolean {
    const { answers, bytesAnswered } = socket[key] ?? { answers: [], bytesAnswered: 0 };
    return answers.length === 0 && socket.bytesRead === bytesAnswered;
  }

  /**
   * Adds an answer, unless too many are under way on its connection already. That connection then ends behind those, and
   * its client repeats the rest on another one (RFC 9112, section 9.3.2).
   *
   * @returns whether the request is to be answered
   */
  add(res: ServerResponse): boolean {
    const { socket } = res.req;
    const connection = (socket[key] ??= this.#open(socket));
    const { answers } = connection;
    if (connection.passedOver > 0 || answers.length >= this.#perConnectionMax) {
      this.#passOver(connection, socket);
      return false;
    }
    // The request begins here, with its time.
    contextOf(res);
    answers.push(res);
    res.on('close', remove);
    return true;
  }

  /**
   * Ends the connection behind the answers to those requests that have come as a whole, or are being answered already.
   *
   * @returns whether there are any
   */
  endBehind(socket: Socket): boolean {
    const connection = socket[key];
    const last = connection?.answers.findLast((res) => res.headersSent || res.req.complete);
    if (connection === undefined || last === undefined) return false;
    if (!last.headersSent) last.shouldKeepAlive = false;
    connection.last = last;
    return true;
  }

  #open(socket: Socket): Connection {
    const connection: Connection = { answers: [], bytesAnswered: 0, passedOver: 0, last: null };
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    return connection;
  }

  #passOver(connection: Connection, socket: Socket): void {
    connection.passedOver += 1;
    const last = connection.answers.at(-1);
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
    // Cutting one takes it out of its list.
    const answers = [...this];
    let unsentBytes = 0;
    for (const res of answers) unsentBytes += res.writableLength;
    if (unsentBytes > unsentBytesMax) answers.sort((one, other) => startOf(one) - startOf(other));
    for (const res of answers) {
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

/** One for all answers: what it needs to know hangs on the answer on which it is called. */
function remove(this: ServerResponse): void {
  const { socket } = this.req;
  const connection = socket[key];
  if (connection === undefined) return;
  const { answers, passedOver, last } = connection;
  // It is nearly always the only one.
  if (answers.at(-1) === this) answers.pop();
  else answers.splice(0, answers.length, ...answers.filter((res) => res !== this));
  if (answers.length === 0) connection.bytesAnswered = socket.bytesRead;
  if (last === this || (passedOver > 0 && answers.length === 0)) socket.destroySoon();
}

function startOf(res: ServerResponse): number {
  return contextOf(res).startedAt;
}
