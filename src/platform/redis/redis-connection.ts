import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { EventStream } from '../telemetry/event-stream.ts';
import { redisCodeOf } from './redis-errors.ts';
import type { RedisEvent } from './redis-events.ts';

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
  /** Whether commands can be sent; a Redis that has fallen silent is found out by the next command. */
  readonly isConnected: boolean;
  /** Connects, and resolves when it is connected or a moment has passed: Redis may as well come later, or never. */
  open(): Promise<void>;
  close(): void;
}

/** @param url `redis://…`, or `rediss://…` over TLS */
export function createRedisConnection(url: string, events: EventStream<RedisEvent>): RedisConnection {
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
  const outage = tellOutages(client, events);

  return {
    client,
    get isConnected() {
      return client.status === 'ready';
    },
    open: async () => {
      // A first attempt that fails is repeated like any other.
      const connecting = client.connect().catch(() => {});
      await Promise.race([connecting, delay(connectTimeoutMs / 2, undefined, { ref: false })]);
      // An attempt may hang, or wait for a Redis that is loading its data.
      if (client.status !== 'ready') outage.begin();
    },
    close: () => {
      outage.tellNoMore();
      client.disconnect();
    },
  };
}

/**
 * Tells of an outage when an attempt to connect has failed, once for all that follow. A connection that was closed and
 * is there again at the next attempt, as after a time without commands, is none.
 */
function tellOutages(client: Redis, events: EventStream<RedisEvent>) {
  let wasReady = false;
  let isOut = false;
  let isClosing = false;
  /** The last of an attempt: those before it may follow from it, as when Redis refuses a password and all the rest. */
  let lastError: unknown;

  const begin = (): void => {
    if (isOut || isClosing) return;
    isOut = true;
    events.emit({ type: 'connection-lost', code: redisCodeOf(lastError) });
  };
  const attemptEnded = (): void => {
    if (!wasReady) begin();
    wasReady = false;
    lastError = undefined;
  };

  // Without this listener it would be written to the console.
  client.on('error', (error) => {
    lastError = error;
  });
  client.on('close', attemptEnded);
  client.on('ready', () => {
    wasReady = true;
    lastError = undefined;
    if (isOut) events.emit({ type: 'connection-regained' });
    isOut = false;
  });
  return {
    begin,
    tellNoMore: () => {
      isClosing = true;
    },
  };
}
