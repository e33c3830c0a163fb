/** Redis could not be asked, or has refused. */
export class RedisError extends Error {
  /** As told by `redisCodeOf`, or `not-connected`. */
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(`Redis: ${code}`, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export const notConnected = 'not-connected';
export const noAnswer = 'no-answer';

/** The system's code, or the first word of an error reply; `no-answer` when there was neither within our patience. */
export function redisCodeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return noAnswer;
  if ('code' in error && typeof error.code === 'string') return error.code;
  const reply = 'name' in error && error.name === 'ReplyError' && 'message' in error ? String(error.message) : '';
  // https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
  return /^[A-Z]+(?= |$)/.exec(reply)?.[0] ?? noAnswer;
}
