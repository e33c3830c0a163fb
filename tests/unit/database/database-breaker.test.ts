import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseError } from 'sequelize';
import { createDatabaseBreaker, type DatabaseBreaker } from '../../../src/platform/database/database-breaker.ts';
import {
  DatabaseOverloadedError,
  DatabaseUnavailableError,
  OutcomeUnknownError,
  TransientTransactionError,
  UniqueViolationError,
} from '../../../src/platform/database/database-errors.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import { createDatabaseReader } from '../../../src/platform/database/database-reader.ts';
import type { Statements } from '../../../src/platform/database/statements.ts';
import { DomainError } from '../../../src/platform/domain-error.ts';
import { TimeoutError } from '../../../src/platform/resilience/deadline.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

let events: DatabaseEvent[];
let stream: EventStream<DatabaseEvent>;
let breaker: DatabaseBreaker;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
  events = [];
  stream = new EventStream<DatabaseEvent>((error) => {
    throw error;
  });
  stream.subscribe((event) => void events.push(event));
  breaker = createDatabaseBreaker({ consecutiveFailures: 5, deadlineMs: 3_000, events: stream });
});
afterEach(() => {
  breaker.shutdown();
  jest.useRealTimers();
});

const fail = async (error: Error, times: number): Promise<void> => {
  const action = async (): Promise<void> => {
    throw error;
  };
  for (let i = 0; i < times; i++) await expect(breaker.run(action)).rejects.toBe(error);
};
/** What Sequelize makes of an error of the driver. */
const sequelizeError = (parent: Error): Error => new DatabaseError(Object.assign(parent, { sql: '' }));
const states = () => events.flatMap((event) => (event.type === 'breaker-state-changed' ? [event.to] : []));

describe('The breaker around the database', () => {
  it.each([
    ['a database that is away', new DatabaseUnavailableError('test')],
    ['a COMMIT without an answer', new OutcomeUnknownError('test')],
  ])('opens after five failures in a row: %s', async (_name, error) => {
    await fail(error, 4);
    expect(states()).toEqual([]);
    await fail(error, 1);
    expect(states()).toEqual(['open']);
  });

  it.each([
    ['a domain error', new DomainError('user-not-found', 'test')],
    ['a duplicate key', new UniqueViolationError('users_email_key')],
    ['a deadlock', new TransientTransactionError('deadlock', 'test')],
    ['a full pool of a database that answers', new DatabaseOverloadedError('test')],
    ['a fault of our own', new TypeError('test')],
  ])('stays closed whatever the database answers: %s', async (_name, error) => {
    await fail(error, 100);
    expect(states()).toEqual([]);
  });

  it('opens when more than half of a window failed, though never five in a row', async () => {
    const error = new DatabaseUnavailableError('test');
    for (let round = 0; round < 7; round++) {
      await fail(error, 2);
      if (states().length === 0) await breaker.run(() => Promise.resolve());
    }
    expect(states()).toEqual(['open']);
  });

  it('refuses at once while it is open, and closes by itself when a probe succeeds', async () => {
    await fail(new DatabaseUnavailableError('test'), 5);
    const action = jest.fn(() => Promise.resolve('answer'));
    await expect(breaker.run(action)).rejects.toThrow(DatabaseUnavailableError);
    expect(action).not.toHaveBeenCalled();
    expect(events.at(-1)).toEqual({ type: 'short-circuited' });

    await jest.advanceTimersByTimeAsync(2_000);
    expect(await breaker.run(action)).toBe('answer');
    expect(states()).toEqual(['open', 'half-open', 'closed']);
  });

  it.each([
    ['success', new TransientTransactionError('deadlock', 'test')],
    ['failure', new DatabaseUnavailableError(new Error('refused'))],
    ['timeout', new DatabaseUnavailableError(new TimeoutError(3_000))],
    ['timeout', new OutcomeUnknownError(new DatabaseUnavailableError(sequelizeError(new TimeoutError(3_000))))],
    [
      'timeout',
      new DatabaseUnavailableError(sequelizeError(Object.assign(new Error('connect'), { code: 'ETIMEDOUT' }))),
    ],
  ])('tells how a call ended and how long it took: %s (%s)', async (outcome, error) => {
    const ending = breaker.run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      throw error;
    });
    const ended = expect(ending).rejects.toBe(error);
    await jest.advanceTimersByTimeAsync(250);
    await ended;
    expect(events).toEqual([{ type: 'call-ended', outcome, durationMs: 250 }]);
  });

  it('tells of a call that has not ended by its own limits as a timeout', async () => {
    const refused = expect(breaker.run(() => new Promise(() => {}))).rejects.toThrow(DatabaseUnavailableError);
    await jest.advanceTimersByTimeAsync(7_000);
    await refused;
    expect(events).toEqual([{ type: 'call-ended', outcome: 'timeout', durationMs: 7_000 }]);
  });

  it('tells those who are still trying that it has opened', async () => {
    let tellLater: (() => boolean) | undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = breaker.run(async (admitted) => {
      tellLater = admitted;
      await promise;
    });
    expect(tellLater?.()).toBe(true);
    await fail(new DatabaseUnavailableError('test'), 5);
    expect(tellLater?.()).toBe(false);
    resolve();
    await running;
  });
});

describe('Reading', () => {
  const statements: Statements = { all: () => Promise.resolve([]), run: () => Promise.reject(new Error('unused')) };
  const database = { statements: () => statements };
  const lost = Object.assign(new Error('gone'), { code: 'PROTOCOL_CONNECTION_LOST' });

  it('goes on with another connection when the first one is dead, once', async () => {
    const reader = createDatabaseReader({ database, access: breaker, deadlineMs: 3_000, events: stream });
    const query = jest.fn<() => Promise<string>>().mockRejectedValueOnce(lost).mockResolvedValueOnce('row');
    expect(await reader.read(query)).toBe('row');
    expect(events).toMatchObject([{ type: 'read-retried' }, { type: 'call-ended', outcome: 'success' }]);

    query.mockRejectedValue(lost);
    await expect(reader.read(query)).rejects.toThrow(DatabaseUnavailableError);
    expect(query).toHaveBeenCalledTimes(4);
  });

  it('counts a second connection that does not come before the deadline as a failure', async () => {
    const reader = createDatabaseReader({ database, access: breaker, deadlineMs: 3_000, events: stream });
    for (let failure = 1; failure <= 5; failure++) {
      const query = jest.fn<() => Promise<string>>().mockRejectedValueOnce(lost);
      query.mockReturnValueOnce(new Promise(() => {}));
      const refused = expect(reader.read(query)).rejects.toThrow(DatabaseUnavailableError);
      await jest.advanceTimersByTimeAsync(3_000);
      await refused;
    }
    expect(states()).toEqual(['open']);
  });

  it('does not repeat what the database has answered', async () => {
    const reader = createDatabaseReader({ database, access: breaker, deadlineMs: 3_000, events: stream });
    const query = jest.fn<() => Promise<string>>().mockRejectedValue(new Error('syntax'));
    await expect(reader.read(query)).rejects.toThrow('syntax');
    expect(query).toHaveBeenCalledTimes(1);
  });
});
