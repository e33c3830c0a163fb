import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** What instances share is a help and no need: a command that takes longer is given up. */
const commandTimeoutMs = 50;
/** A connection on which nothing has come back for so long is given up, too. */
const socketTimeoutMs = 1_000;
const connectTimeoutMs = 1_000;
const reconnectMsMax = 1_000;

/** A connection that opens itself again whenever it has been lost. */
export interface RedisConnection {
  /** Its commands fail at once while there is no connection, and after 50 ms without an answer. */
  readonly client: Redis;
  /** Connects, and resolves when it is connected or a moment has passed: Redis may as well come later, or never. */
  open(): Promise<void>;
  close(): void;
}

/** @param url `redis://…`, or `rediss://…` over TLS */
export function createRedisConnection(url: string): RedisConnection {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    socketTimeout: socketTimeoutMs,
    // What is not answered now is not wanted later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, reconnectMsMax),
  });
  // Told by those whose commands fail. Without a listener it would be written to the console.
  client.on('error', () => {});

  return {
    client,
    open: async () => {
      // A first attempt that fails is repeated like any other.
      const connecting = client.connect().catch(() => {});
      await Promise.race([connecting, delay(connectTimeoutMs / 2, undefined, { ref: false })]);
    },
    close: () => client.disconnect(),
  };
}
