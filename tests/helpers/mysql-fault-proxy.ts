import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Cut, type Fault, type MysqlCommand, MysqlFaultConnection } from './mysql-fault-connection.ts';

export type { Fault, MysqlCommand };

/**
 * Stands between MySQL or MariaDB and a client that sends a command only after the answer to the one before, in the plain
 * protocol: a client that asks for TLS or compression is refused.
 */
export interface MysqlFaultProxy {
  readonly port: number;
  /** The same address by way of the proxy. @throws Error when it is not one of the server that the proxy stands before */
  url(databaseUrl: string): string;
  /** Connections that clients hold open. */
  readonly openConnections: number;
  /** Connections that clients have opened since the start. */
  readonly connectionsOpened: number;
  /** Asks `rule` what to do with each command of each connection; with null they all pass. */
  setFault(rule: ((command: MysqlCommand) => Fault) | null): void;
  /**
   * Makes a black hole of the proxy: connections are accepted, and nothing passes in either direction, not even the news
   * that one side has closed its end.
   */
  freeze(): void;
  /** Lets all that was held back, by `freeze()` or by a stall, go on in its order. */
  thaw(): void;
  /** Cuts the connections that are open now. */
  cutAll(): void;
  /** Cuts all and frees the port. @throws what a rule has thrown, by which the connection was cut */
  close(): Promise<void>;
}

/** @param databaseUrl any database of the server */
export async function startMysqlFaultProxy(
  databaseUrl: string,
  { cutWith = 'reset' }: { cutWith?: Cut } = {},
): Promise<MysqlFaultProxy> {
  const server = addressOf(databaseUrl);
  const connections = new Set<MysqlFaultConnection>();
  const failures: unknown[] = [];
  let rule: ((command: MysqlCommand) => Fault) | null = null;
  let frozen = false;
  let connectionsOpened = 0;

  const judge = (command: MysqlCommand): Fault => {
    try {
      return rule?.(command) ?? 'pass';
    } catch (error) {
      failures.push(error);
      return 'cut-before';
    }
  };

  const listener = createServer({ noDelay: true }, (client) => {
    connectionsOpened += 1;
    const options = { number: connectionsOpened, server, judge, cutWith };
    const connection = new MysqlFaultConnection(client, options, frozen);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const cutAll = (): void => {
    for (const connection of connections) connection.cut();
  };

  return {
    port,
    url: (other) => {
      const { host, port: otherPort } = addressOf(other);
      if (host !== server.host || otherPort !== server.port) throw new Error(`${other} is not behind this proxy.`);
      const url = new URL(other);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
    get openConnections() {
      return [...connections].filter(({ open }) => open).length;
    },
    get connectionsOpened() {
      return connectionsOpened;
    },
    setFault: (next) => {
      rule = next;
    },
    freeze: () => {
      frozen = true;
      for (const connection of connections) connection.freeze();
    },
    thaw: () => {
      frozen = false;
      for (const connection of connections) connection.thaw();
    },
    cutAll,
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      cutAll();
      await Promise.all([closed, ...[...connections].map((connection) => connection.closed)]);
      if (failures.length > 0) throw failures[0];
    },
  };
}

function addressOf(databaseUrl: string): { host: string; port: number } {
  const { hostname, port } = new URL(databaseUrl);
  return { host: hostname, port: Number(port || 3306) };
}
