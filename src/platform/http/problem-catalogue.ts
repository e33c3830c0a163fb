/** A kind of error that the API can answer (RFC 9457). */
export interface ProblemType {
  /** Stable; the last segment of the problem's `type`. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What happened and what to do about it, in a sentence or two, for the page at `/problems/<code>`. */
  readonly meaning: string;
  /** When to come back, for problems that pass by themselves. */
  readonly retryAfterSeconds?: number;
}

export type ProblemCatalogue = ReadonlyMap<string, ProblemType>;

/** The problems that any service of the platform can answer. */
export const platformProblems: readonly ProblemType[] = [
  {
    code: 'validation-failed',
    status: 400,
    title: 'The request does not follow the rules',
    meaning: 'One or more fields, query parameters or headers are not as the API describes them; `errors` names each.',
  },
  {
    code: 'malformed-json',
    status: 400,
    title: 'The body is not valid JSON',
    meaning: 'The body could not be read as JSON in UTF-8 (RFC 8259).',
  },
  {
    code: 'malformed-request',
    status: 400,
    title: 'The request is not valid HTTP',
    meaning: 'The server could not read the request line, the headers or the framing of the body.',
  },
  {
    code: 'unauthorized',
    status: 401,
    title: 'The request needs a token',
    meaning: 'This address is for operators, who send the token of this service as `Authorization: Bearer <token>`.',
  },
  {
    code: 'route-not-found',
    status: 404,
    title: 'There is nothing at this address',
    meaning: 'No resource of the API has this path. The API is described at /api-docs.',
  },
  {
    code: 'method-not-allowed',
    status: 405,
    title: 'The resource does not support this method',
    meaning: 'The `Allow` header lists the methods that this resource supports.',
  },
  {
    code: 'not-acceptable',
    status: 406,
    title: 'The API cannot answer in the wanted format',
    meaning: 'The API answers in JSON; the `Accept` header of the request rules it out.',
  },
  {
    code: 'request-timeout',
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'The client sent its headers or its body too slowly. Send the request again.',
  },
  {
    code: 'body-too-large',
    status: 413,
    title: 'The body is too large',
    meaning: 'A body may have 100 KiB at most, after decompression.',
  },
  {
    code: 'unsupported-media-type',
    status: 415,
    title: 'The body has the wrong media type',
    meaning:
      'Bodies are `application/json` in UTF-8; PATCH takes `application/merge-patch+json` too. `Accept-Post` or `Accept-Patch` lists what the resource takes.',
  },
  {
    code: 'rate-limited',
    status: 429,
    title: 'The client sends too many requests',
    meaning:
      'The address that the request came from has used up its requests for now; `RateLimit` tells how many it has left, `RateLimit-Policy` how many there are. Come back after `Retry-After`.',
    retryAfterSeconds: 60,
  },
  {
    code: 'header-fields-too-large',
    status: 431,
    title: 'The request line and headers are too large',
    meaning: 'The address and the headers together may have 16 KiB at most.',
  },
  {
    code: 'request-in-progress',
    status: 409,
    title: 'The same request is still running',
    meaning:
      'A request with this `Idempotency-Key` has begun and not ended. Send yours again after `Retry-After` to get its answer.',
    retryAfterSeconds: 1,
  },
  {
    code: 'idempotency-key-reused',
    status: 422,
    title: 'The idempotency key belongs to another request',
    meaning:
      'This `Idempotency-Key` was sent before with another body, path or `If-Match`. Use a new key for each new request.',
  },
  {
    code: 'internal-error',
    status: 500,
    title: 'Something went wrong on our side',
    meaning: 'The request met a fault of the service. Report the `requestId`; the log holds the rest.',
  },
  {
    code: 'database-unavailable',
    status: 503,
    title: 'The database is away',
    meaning: 'The service cannot reach its database now. The request had no effect; try again after `Retry-After`.',
    retryAfterSeconds: 2,
  },
  {
    code: 'outcome-unknown',
    status: 503,
    title: 'Nobody can tell now whether the change was made',
    meaning:
      'The connection to the database broke while the change was committed, and the service could not find out what became of it. Send the request again with the same `Idempotency-Key`, if it had one: it is carried out once. Otherwise read what was to be changed, and see.',
    retryAfterSeconds: 2,
  },
  {
    code: 'overloaded',
    status: 503,
    title: 'The service has more work than it can do',
    meaning:
      'Too many requests are before this one, or others were changing the same for too long. The request had no effect; try again after `Retry-After`.',
    retryAfterSeconds: 1,
  },
  {
    code: 'too-many-listeners',
    status: 503,
    title: 'Too many listen to this stream',
    meaning:
      'The stream has as many listeners as it takes. Come back after `Retry-After`, or ask for what it tells now and then.',
    retryAfterSeconds: 5,
  },
  {
    code: 'shutting-down',
    status: 503,
    title: 'This instance is about to stop',
    meaning:
      'The request came on a connection to an instance that takes no more work. It had no effect; send it again, on a new connection.',
    retryAfterSeconds: 1,
  },
];

/** @throws Error when two problems share a code */
export function createProblemCatalogue(...groups: readonly (readonly ProblemType[])[]): ProblemCatalogue {
  const catalogue = new Map<string, ProblemType>();
  for (const problem of groups.flat()) {
    if (catalogue.has(problem.code)) throw new Error(`Two problems have the code ${problem.code}.`);
    catalogue.set(problem.code, problem);
  }
  return catalogue;
}
