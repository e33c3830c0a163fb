import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type RequestOptions,
} from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when there is none, or when it is something else. */
  readonly json: unknown;
  /** From the first byte out to the last byte in. */
  readonly durationMs: number;
}

export interface HttpRequestOptions {
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as JSON, with the matching content type unless `headers` names another. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Buffer;
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** Talks to one server, byte for byte: unlike `fetch` it sends paths and headers that are not well-formed, too. */
export interface HttpClient {
  readonly url: string;
  send(method: HttpMethod, path: string, options?: HttpRequestOptions): Promise<HttpAnswer>;
  /** Writes bytes to a connection of its own and answers all that comes back until the server ends it. */
  sendRaw(bytes: string): Promise<string>;
}

/** No answer of the service takes so long; one that does fails the test that asked. */
const timeoutMs = 15_000;

export function createHttpClient(url: string): HttpClient {
  const { hostname, port } = new URL(url);
  return {
    url,
    send: async (
      method,
      path,
      { headers = {}, json, body = json === undefined ? undefined : JSON.stringify(json) } = {},
    ) => {
      const startedAt = performance.now();
      const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
        const options: RequestOptions = {
          hostname,
          port,
          method,
          path,
          // A connection for each request: one that is kept may be closed by the server just as it is used again.
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
        };
        request(options, resolve).on('error', reject).end(body);
      });
      const received = await text(incoming);
      return {
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        text: received,
        json: parseJson(incoming.headers['content-type'], received),
        durationMs: performance.now() - startedAt,
      };
    },
    sendRaw: async (bytes) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error('The server left the connection open.')));
      socket.write(bytes);
      return await text(socket);
    },
  };
}

function parseJson(contentType: string | undefined, body: string): unknown {
  return /^application\/(?:\w+\+)?json\b/.test(contentType ?? '') && body !== '' ? JSON.parse(body) : undefined;
}
