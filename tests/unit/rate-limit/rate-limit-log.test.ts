import { beforeEach, expect, it } from '@jest/globals';
import type { RateLimitEvent } from '../../../src/platform/rate-limit/rate-limit-events.ts';
import { logRateLimits } from '../../../src/platform/rate-limit/rate-limit-log.ts';
import { notConnected, RedisError } from '../../../src/platform/redis/redis-errors.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

let events: EventStream<RateLimitEvent>;
let lines: object[];
beforeEach(() => {
  events = new EventStream<RateLimitEvent>((error) => {
    throw error;
  });
  lines = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  logRateLimits(events, { info: line('info'), warn: line('warn') });
});

const failed = (code: string): void => events.emit({ type: 'store-failed', error: new RedisError(code) });
const regained = (): void => events.emit({ type: 'store-regained' });
const countsNot = (code: string) => {
  return { level: 'warn', message: 'Redis does not count requests, each instance limits for itself', code };
};
const countsAgain = { level: 'info', message: 'Redis counts requests again, limits hold over all instances' };

it('A Redis that does not count is told of once, with its code, until it counts again', () => {
  failed('NOPERM');
  failed('NOPERM');
  regained();
  regained();
  failed('READONLY');
  expect(lines).toEqual([countsNot('NOPERM'), countsAgain, countsNot('READONLY')]);
});

it('A Redis that is not connected is told of by its connection', () => {
  failed(notConnected);
  regained();
  expect(lines).toEqual([]);
});

it('A Redis that refuses to count when it is connected again is told of', () => {
  failed(notConnected);
  failed('READONLY');
  expect(lines).toEqual([countsNot('READONLY')]);
});
