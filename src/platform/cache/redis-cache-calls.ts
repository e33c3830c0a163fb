import type { Redis } from 'ioredis';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { noAnswer, notConnected, redisCodeOf } from '../redis/redis-errors.ts';
import { CircuitOpenError, createCircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { OperatedBreaker } from '../resilience/operated-breaker.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { RedisCacheEvent } from './redis-cache-events.ts';

/** The connection gives a command 50 ms, and a call makes two at most. */
const callTimeoutMs = 500;
const consecutiveFailures = 5;
const resetMs = 1_000;

/** An answer, or why there is none: the code of an error as `redisCodeOf` tells it, or one of ours. */
export type CallResult<T> = { readonly value: T } | { readonly code: string };

export const circuitOpen = 'circuit-open';

/** Asks Redis, unless it has been failing. */
export interface RedisCacheCalls {
  /** For operators. */
  readonly breaker: OperatedBreaker;
  /** Never rejects. */
  run<T>(command: (client: Redis) => Promise<T>): Promise<CallResult<T>>;
  shutdown(): void;
}

/**
 * An error that Redis replies is an answer: a Redis that is full, or a key of another type, says nothing about the
 * calls to come. So only silence and a broken connection open the breaker.
 */
export function createRedisCacheCalls(
  connection: RedisConnection,
  events: EventStream<RedisCacheEvent>,
): RedisCacheCalls {
  const breaker = createCircuitBreaker({
    name: 'cache',
    failureRatio: 0.5,
    volume: 20,
    windowMs: 10_000,
    consecutiveFailures,
    resetMs,
    timeoutMs: callTimeoutMs,
    onStateChange: ({ from, to, by }) => events.emit({ type: 'breaker-state-changed', from, to, by }),
  });

  return {
    breaker,
    run: async <T>(command: (client: Redis) => Promise<T>): Promise<CallResult<T>> => {
      if (!connection.isConnected) return { code: notConnected };
      const startedAt = performance.now();
      const ended = (outcome: 'success' | 'failure' | 'timeout'): void =>
        events.emit({ type: 'call-ended', outcome, durationMs: performance.now() - startedAt });
      try {
        const result = await breaker.execute(async () => await settle(command(connection.client)));
        ended('value' in result ? 'success' : 'failure');
        return result;
      } catch (error) {
        if (error instanceof CircuitOpenError) {
          events.emit({ type: 'short-circuited' });
          return { code: circuitOpen };
        }
        const code = redisCodeOf(error);
        ended(code === noAnswer ? 'timeout' : 'failure');
        return { code };
      }
    },
    shutdown: () => breaker.shutdown(),
  };
}

/** To the breaker every rejection is a failure; what Redis has replied becomes a value. */
async function settle<T>(answer: Promise<T>): Promise<CallResult<T>> {
  try {
    return { value: await answer };
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return { code: redisCodeOf(error) };
    throw error;
  }
}
