import { isProblem, ProfileProblem } from './profile-problem.ts';
import type { Problem } from './profile-types.ts';
import { ProfileUnreachableError } from './profile-unreachable-error.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Attempt } from './run-with-retries.ts';

/** Sends a request, as the global `fetch` does, and gives up when the request's `signal` aborts. */
export type Fetch = (request: Request) => Promise<Response>;

/** What a request is sent with, besides what it says. */
export interface Transport {
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}

/** A request that was answered: with what was asked for, or with `error`. */
export interface Answered<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

const unreachableStatuses = new Set([502, 503, 504]);

/**
 * Sends once, and judges what comes of it. What goes wrong before anything is sent is thrown: it is the caller's.
 *
 * @param read throws when the answer, though no error, is not the service's
 */
export async function attempt<Data, Result>(
  transport: Transport,
  send: (transport: Transport) => Promise<Answered<Data>>,
  read: (answered: Answered<Data>) => Result,
): Promise<Attempt<Result>> {
  let isSent = false;
  const fetch: Fetch = async (request) => {
    isSent = true;
    return await transport.fetch(request);
  };
  try {
    const answered = await send({ ...transport, fetch });
    const { response, error } = answered;
    return response.ok || response.status === 304
      ? { kind: 'success', value: read(answered) }
      : failure(response, error, new Date());
  } catch (cause) {
    if (!isSent) throw cause;
    const error = new ProfileUnreachableError('The service cannot be reached.', { cause });
    return { kind: 'failure', error, isRetriable: true, retryAfterMs: null };
  }
}

function failure(response: Response, body: unknown, now: Date): Attempt<never> {
  const isRefusal = isProblem(body);
  return {
    kind: 'failure',
    error: isRefusal ? new ProfileProblem(body) : notTheService(response.status, body),
    isRetriable: isRefusal
      ? isWorthAnotherTry(body)
      : response.status === 429 || unreachableStatuses.has(response.status),
    retryAfterMs: retryAfterMs(response.headers.get('Retry-After'), now),
  };
}

function notTheService(status: number, cause: unknown): Error {
  return new ProfileUnreachableError(`Something answers ${status} in the place of the service.`, { cause });
}

/** What another request cannot change is none: a 500 is a fault that it would meet again. */
function isWorthAnotherTry({ status, code }: Problem): boolean {
  return unreachableStatuses.has(status) || code === 'rate-limited' || code === 'request-in-progress';
}
