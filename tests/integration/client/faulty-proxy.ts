import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy does with one request; `pass` unless said otherwise. */
export type Fault =
  | 'pass'
  /** Cuts the connection before the service has seen the request. */
  | 'lose-request'
  /** Cuts the connection when the service has answered. */
  | 'lose-answer'
  /** Passes on half of the answer's body and cuts the connection. */
  | 'cut-answer'
  /** Never answers. */
  | 'hang'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };

export interface ProxiedRequest {
  readonly method: string;
  readonly key: string | undefined;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/** An HTTP proxy in front of a service, which fails as it is told to. */
export interface FaultyProxy {
  readonly url: string;
  readonly requests: readonly ProxiedRequest[];
  /** The next requests meet these, one after the other. */
  script(...faults: readonly Fault[]): void;
  close(): Promise<void>;
}

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let faults: Fault[] = [];
  const requests: ProxiedRequest[] = [];

  const forward = async (incoming: IncomingMessage): Promise<{ answer: Response; body: Buffer }> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = incoming.headers;
    const { method = 'GET', url = '/' } = incoming;
    const answer = await fetch(new URL(url, target), {
      method,
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    return { answer, body: Buffer.from(await answer.arrayBuffer()) };
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const key = incoming.headers['idempotency-key'];
    requests.push({ method: incoming.method ?? '', key: key?.toString(), atMs: performance.now() });
    const fault = faults.shift() ?? 'pass';
    if (fault === 'hang') return;
    if (fault === 'lose-request') return void incoming.socket.destroy();
    if (typeof fault === 'object') return void outgoing.writeHead(fault.status, fault.headers).end(fault.body);
    const { answer, body } = await forward(incoming);
    if (fault === 'lose-answer') return void incoming.socket.destroy();
    // What fetch has decoded is not encoded any more.
    const headers = [...answer.headers].filter(
      ([name]) => !/^(content-encoding|content-length|connection)$/.test(name),
    );
    outgoing.writeHead(answer.status, [...headers, ['Content-Length', `${body.length}`]].flat());
    if (fault === 'cut-answer') {
      outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
    } else {
      outgoing.end(body);
    }
  };

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...next) => {
      faults = [...next];
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
