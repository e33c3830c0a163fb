import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

interface Target {
  readonly host: string;
  readonly port: number;
}

/** A port behind which another server appears, and disappears when this is closed. */
export interface TcpForwarder {
  /** Connections that are opened from now on lead there; those that are open stay as they are. */
  redirect(target: Target): void;
  /** What is sent on connections that are open now is lost, and neither side is told. */
  silence(): void;
  /** Cuts all connections and frees the port. */
  close(): Promise<void>;
}

/** Forwards what arrives at `port` of 127.0.0.1 to `target`, and what comes back. */
export async function startTcpForwarder(port: number, firstTarget: Target): Promise<TcpForwarder> {
  let target = firstTarget;
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    // A connection that breaks on one side is cut on the other, by `pipe` or by the test.
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
  };

  const server = createServer((incoming) => {
    const outgoing = track(connect({ ...target }));
    track(incoming).pipe(outgoing).pipe(incoming);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    redirect: (next) => {
      target = next;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
