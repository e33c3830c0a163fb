/** One request. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** How a request ended. */
export type HttpOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Headers;
      /** Null when it is empty or no JSON. */
      readonly json: Readonly<Record<string, unknown>> | null;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'unanswered';
      /** The system's code, such as `ECONNREFUSED`, `timeout`, or what fetch says, such as `bad port`. */
      readonly reason: string;
      readonly durationMs: number;
    };

/** Sends a request and reads the answer whole. Never rejects. */
export type HttpExchange = (call: HttpCall) => Promise<HttpOutcome>;

/**
 * @param baseUrl without a slash at the end
 * @param signal gives up what has no answer yet
 */
export function createHttpExchange(baseUrl: string, timeoutMs: number, signal?: AbortSignal): HttpExchange {
  return async ({ method, path, headers = {}, body }) => {
    const sentAt = performance.now();
    const durationMs = () => performance.now() - sentAt;
    try {
      const answer = await fetch(baseUrl + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
      });
      const text = await answer.text();
      return {
        kind: 'answered',
        status: answer.status,
        headers: answer.headers,
        json: toJson(text),
        durationMs: durationMs(),
      };
    } catch (error) {
      return { kind: 'unanswered', reason: reasonOf(error), durationMs: durationMs() };
    }
  };
}

function toJson(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** fetch hides why behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return 'timeout';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.name;
  return 'code' in cause ? String(cause.code) : cause.message;
}
