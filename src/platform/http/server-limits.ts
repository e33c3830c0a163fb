import type { ReaderLimits } from './running-answers.ts';

/** What a client can take of the server, in time and in space. */
export interface ServerLimits extends ReaderLimits {
  /** From the opening of a connection, or the first byte of the next request, to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the same moment to the end of the body. */
  readonly requestTimeoutMs: number;
  /** Between two requests of a connection. */
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
  /**
   * How many requests of one connection may be under way. Clients that send ahead without waiting for answers are rare,
   * and what one read brings of short requests would fill the memory with answers in a single turn of the event loop.
   */
  readonly answersPerConnectionMax: number;
  /** How often the stop closes connections on which nothing is being answered: part of a request may have come on them. */
  readonly closeUnansweredEveryMs: number;
}

export const serverLimits: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  // More than the 60 s after which load balancers close idle connections by default: it should be theirs to close, or
  // they send the next request into a connection that is just being closed here.
  keepAliveTimeoutMs: 65_000,
  answerTimeoutMs: 30_000,
  unsentBytesMax: 64 * 1024 * 1024,
  checkEveryMs: 250,
  connectionsMax: 10_000,
  answersPerConnectionMax: 8,
  closeUnansweredEveryMs: 1_000,
};

/** Of the address and the headers together. It bounds their numbers, too. */
export const headerBytesMax = 16 * 1024;
