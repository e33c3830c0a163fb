import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisCacheEvent } from '../../../src/platform/cache/redis-cache-events.ts';
import { logRedisCache } from '../../../src/platform/cache/redis-cache-log.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

let events: EventStream<RedisCacheEvent>;
let lines: object[];
beforeEach(() => {
  events = new EventStream<RedisCacheEvent>((error) => {
    throw error;
  });
  lines = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  logRedisCache(events, { info: line('info'), warn: line('warn'), error: line('error') });
});

const left = (code: string): void => events.emit({ type: 'left', code });
const joined = (): void => events.emit({ type: 'joined', entries: 'kept' });
const notUsed = (code: string) => ({ level: 'warn', message: 'The shared cache is not used', code });
const usedAgain = { level: 'info', message: 'The shared cache is used again' };

describe('The log of the cache in Redis', () => {
  it('tells once that it cannot be used, with the first reason, and once that it is used again', () => {
    left('READONLY');
    left('NOPERM');
    joined();
    joined();
    left('NOPERM');
    expect(lines).toEqual([notUsed('READONLY'), usedAgain, notUsed('NOPERM')]);
  });

  it('leaves to others what they tell: the connection, and the journal of changes', () => {
    for (const code of ['not-connected', 'not-following', 'journal-unreadable']) left(code);
    joined();
    expect(lines).toEqual([]);
  });

  it('tells of a refusal behind a lost connection', () => {
    left('not-connected');
    left('READONLY');
    expect(lines).toEqual([notUsed('READONLY')]);
  });

  it('tells of a defect with the error', () => {
    const error = new TypeError('x');
    events.emit({ type: 'left', code: 'unexpected', error });
    expect(lines).toEqual([
      { level: 'error', message: 'The shared cache met a defect', err: error },
      notUsed('unexpected'),
    ]);
  });

  it('tells of its breaker', () => {
    events.emit({ type: 'breaker-state-changed', from: 'closed', to: 'open', by: null });
    expect(lines).toEqual([
      { level: 'warn', message: 'Circuit Breaker OPEN', breaker: 'cache', from: 'closed', to: 'open' },
    ]);
  });
});
