import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createDatabaseAdmission, type DatabaseAdmission } from '../../../src/platform/database/database-admission.ts';
import { createDatabaseBreaker, type DatabaseBreaker } from '../../../src/platform/database/database-breaker.ts';
import { DatabaseOverloadedError, DatabaseUnavailableError } from '../../../src/platform/database/database-errors.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

const deadlineMs = 3_000;
const failures = 5;

let events: DatabaseEvent[];
let breaker: DatabaseBreaker;
let stream: EventStream<DatabaseEvent>;

const open = (limits: { concurrency: number; queueMax: number; queueTimeoutMs: number }): DatabaseAdmission =>
  createDatabaseAdmission({ breaker, deadlineMs, events: stream, ...limits });

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
  events = [];
  stream = new EventStream<DatabaseEvent>((error) => {
    throw error;
  });
  stream.subscribe((event) => void events.push(event));
  breaker = createDatabaseBreaker({ consecutiveFailures: failures, deadlineMs, events: stream });
});
afterEach(() => {
  breaker.shutdown();
  jest.useRealTimers();
});

const refusals = () => events.flatMap((event) => (event.type === 'admission-refused' ? [event.reason] : []));

describe('The admission to the database', () => {
  it('refuses as overloaded, which says nothing about the health of the database', async () => {
    const admission = open({ concurrency: 1, queueMax: 1, queueTimeoutMs: 100 });
    const gate = Promise.withResolvers<void>();
    const running = admission.run(() => gate.promise);
    for (let round = 0; round < 2 * failures; round++) {
      const waiting = expect(admission.run(() => Promise.resolve())).rejects.toThrow(DatabaseOverloadedError);
      expect(admission.isFull).toBe(true);
      await expect(admission.run(() => Promise.resolve())).rejects.toThrow(DatabaseOverloadedError);
      await jest.advanceTimersByTimeAsync(100);
      await waiting;
    }
    expect(refusals()).toHaveLength(4 * failures);
    expect(new Set(refusals())).toEqual(new Set(['queue-full', 'queue-timeout']));
    expect(breaker.isOpen).toBe(false);
    gate.resolve();
    await running;
  });

  it('does not take refusals for successes: failures on both sides of them are in a row', async () => {
    const admission = open({ concurrency: 1, queueMax: 1, queueTimeoutMs: 1_000 });
    const away = () => Promise.reject(new DatabaseUnavailableError('test'));
    for (let failure = 1; failure <= failures; failure++) {
      const gate = Promise.withResolvers<void>();
      const failing = expect(admission.run(() => gate.promise.then(away))).rejects.toThrow(DatabaseUnavailableError);
      const next = admission.run(() => Promise.resolve());
      next.catch(() => {});
      await expect(admission.run(() => Promise.resolve())).rejects.toThrow(DatabaseOverloadedError);
      await jest.advanceTimersByTimeAsync(1_000);
      await expect(next).rejects.toThrow(DatabaseOverloadedError);
      gate.resolve();
      await failing;
    }
    expect(breaker.isOpen).toBe(true);
  });

  it('lets nobody wait who would only hear that the breaker is open', async () => {
    const admission = open({ concurrency: 1, queueMax: 1, queueTimeoutMs: 1_000 });
    const gate = Promise.withResolvers<void>();
    const running = admission.run(() => gate.promise);
    for (let i = 0; i < failures; i++) {
      const probe = () => breaker.run(() => Promise.reject(new DatabaseUnavailableError('test')));
      await expect(probe()).rejects.toThrow(DatabaseUnavailableError);
    }
    const action = jest.fn(() => Promise.resolve());
    await expect(admission.run(action)).rejects.toThrow(DatabaseUnavailableError);
    expect(admission.usage()).toEqual({ inUse: 1, queued: 0, limit: 1 });
    expect(action).not.toHaveBeenCalled();
    gate.resolve();
    await running;
  });

  it('tells those in line as soon as the work before them has opened the breaker', async () => {
    const admission = open({ concurrency: failures, queueMax: 10, queueTimeoutMs: 1_000 });
    const gate = Promise.withResolvers<never>();
    const failing = Array.from({ length: failures }, () => admission.run(() => gate.promise));
    const action = jest.fn(() => Promise.resolve());
    const waiting = Array.from({ length: 10 }, () => admission.run(action));
    gate.reject(new DatabaseUnavailableError('test'));
    const outcomes = await Promise.allSettled([...failing, ...waiting]);
    expect(outcomes.map(({ status }) => status)).not.toContain('fulfilled');
    expect(breaker.isOpen).toBe(true);
    // One for each turn that was handed on before the last of the five had failed.
    expect(action.mock.calls.length).toBeLessThan(failures);
    expect(refusals()).toEqual([]);
  });

  it('lets no turn be waited for longer than the work itself may take', async () => {
    const admission = open({ concurrency: 1, queueMax: 1, queueTimeoutMs: 60_000 });
    const gate = Promise.withResolvers<void>();
    const running = admission.run(() => gate.promise);
    const refused = expect(admission.run(() => Promise.resolve())).rejects.toThrow(DatabaseOverloadedError);
    await jest.advanceTimersByTimeAsync(deadlineMs);
    await refused;
    gate.resolve();
    await running;
  });
});
