import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the provider does with one request. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/** An enrichment provider on a port of its own, which does what the test tells it to. */
export interface ScriptedProvider {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Connections that are open now. */
  readonly connections: number;
  /** From now on, the next requests are treated so, one after the other; the last behaviour stays. */
  script(...behaviours: readonly [Behaviour, ...Behaviour[]]): void;
  /** Resolves when the request number `count`, counted from 1, has arrived. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startScriptedProvider(
  ...behaviours: readonly [Behaviour, ...Behaviour[]]
): Promise<ScriptedProvider> {
  let pending: Behaviour[] = [];
  let last: Behaviour = behaviours[0];
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers, atMs: performance.now() });
    last = pending.shift() ?? last;
    last(response, request);
    server.emit('received');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that cuts the connection is what many of these tests are about.
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const provider: ScriptedProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return sockets.size;
    },
    script: (...next) => {
      pending = [...next];
    },
    received: async (count) => {
      while (requests.length < count) await once(server, 'received');
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  provider.script(...behaviours);
  return provider;
}

/** Answers at once. */
export function answer(
  status: number,
  body: string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  return (response) => void response.writeHead(status, headers).end(body);
}

/** Answers 200 with `value` as JSON. */
export const answerJson = (value: unknown): Behaviour =>
  answer(200, JSON.stringify(value), { 'content-type': 'application/json' });

/** Takes the request and says nothing. */
export const hang: Behaviour = () => {};

/** Cuts the connection with a TCP reset. */
export const reset: Behaviour = (response) => void response.socket?.resetAndDestroy();

/** Promises a body, sends a part of it, and cuts the connection. */
export const breakOff: Behaviour = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"a":', () => response.destroy());
};

/** Sends bytes that are not HTTP. */
export const talkGarbage: Behaviour = (response) => void response.socket?.end('garbage\r\n\r\n');

/** Sends the first line of the answer and then header bytes for ever, one each `everyMs`. */
export const dripHeaders =
  (everyMs: number): Behaviour =>
  (response) => {
    const { socket } = response;
    if (socket === null) return;
    socket.write('HTTP/1.1 200 OK\r\nx-drip: ');
    drip(socket, () => socket.write('x'), everyMs);
  };

/** Sends the head of the answer and then body bytes for ever, one each `everyMs`. */
export const dripBody =
  (everyMs: number, status = 200): Behaviour =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    if (response.socket !== null) drip(response.socket, () => response.write(' '), everyMs);
  };

/** Sends 200 with a body of `bytes` as fast as the client takes it. */
export const flood =
  (bytes: number): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(Buffer.alloc(bytes, ' '));
  };

/** Keeps the answer until the returned function is called with what to do. */
export function held(): { readonly behaviour: Behaviour; release(behaviour: Behaviour): void } {
  const waiting: Parameters<Behaviour>[] = [];
  return {
    behaviour: (response, request) => void waiting.push([response, request]),
    release: (behaviour) => {
      for (const [response, request] of waiting.splice(0)) behaviour(response, request);
    },
  };
}

function drip(socket: Socket, send: () => void, everyMs: number): void {
  const timer = setInterval(send, everyMs);
  socket.once('close', () => clearInterval(timer));
}
