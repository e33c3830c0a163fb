import { describe, expect, it, jest } from '@jest/globals';
import { type ClientFixture, clientsOnFakeClock, hang, status } from './client-fixture.ts';

const create = clientsOnFakeClock();

describe('the circuit breaker around the calls', () => {
  /** A client whose breaker has just opened; what led to that is not in its records. */
  async function createOpen(): Promise<ClientFixture> {
    const fixture = create([status(503)]);
    const outcomes = Promise.all(['a', 'b', 'c', 'd', 'e'].map((userId) => fixture.client.fetch(userId)));
    await jest.advanceTimersByTimeAsync(700);
    await outcomes;
    expect(fixture.client.breaker.state).toBe('open');
    fixture.sentAt.length = 0;
    fixture.events.length = 0;
    return fixture;
  }

  it('opens after five failed calls, then answers at once without asking', async () => {
    const { sentAt, events, fetchFor } = await createOpen();
    const { outcome, tookMs } = await fetchFor(0);
    expect(outcome).toEqual({ status: 'unavailable', reason: 'circuit-open' });
    expect(tookMs).toBe(0);
    expect(sentAt).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['short-circuited', 'fallback']);
  });

  it('lets a call that was under way when it opened send no retry', async () => {
    const { client, sentAt } = create([status(503)]);
    const early = ['a', 'b', 'c', 'd', 'e'].map((userId) => client.fetch(userId));
    await jest.advanceTimersByTimeAsync(500);
    const late = client.fetch('ada');
    await jest.advanceTimersByTimeAsync(100);
    expect(sentAt.filter((at) => at >= 500)).toEqual([500, 600]);
    await jest.advanceTimersByTimeAsync(100);
    await Promise.all(early);
    expect(client.breaker.state).toBe('open');
    const sentBeforeItOpened = sentAt.length;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await late).toEqual({ status: 'unavailable', reason: 'server-error' });
    expect(sentAt.length).toBe(sentBeforeItOpened);
  });

  it('asks once, retries included, when half-open, and refuses the others meanwhile', async () => {
    const { client, sentAt } = await createOpen();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(client.breaker.state).toBe('half-open');
    const probe = client.fetch('ada');
    const sharing = client.fetch('ada');
    await jest.advanceTimersByTimeAsync(100);
    expect(await client.fetch('bob')).toEqual({ status: 'unavailable', reason: 'circuit-open' });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await probe).toEqual({ status: 'unavailable', reason: 'server-error' });
    expect(await sharing).toEqual({ status: 'unavailable', reason: 'server-error' });
    expect(sentAt.length).toBe(4);
    expect(client.breaker.state).toBe('open');
  });

  it('takes "not found" for health', async () => {
    const { client } = create([status(404)]);
    for (let asked = 0; asked < 10; asked += 1) {
      expect(await client.fetch('ada')).toEqual({ status: 'notFound' });
    }
    expect(client.breaker.state).toBe('closed');
  });
});

describe('the bulkhead around the calls', () => {
  it('refuses a call beyond the limit, which the breaker does not count, and callers of one user are one call', async () => {
    const { client, sentAt, events } = create([hang], { maxConcurrent: 2 });
    const running = ['a', 'b', 'b'].map((userId) => client.fetch(userId));
    await jest.advanceTimersByTimeAsync(0);
    for (let refused = 0; refused < 10; refused += 1) {
      expect(await client.fetch(`c${refused}`)).toEqual({ status: 'unavailable', reason: 'rejected' });
    }
    expect(client.breaker.state).toBe('closed');
    expect(events.filter(({ type }) => type === 'rejected').length).toBe(10);
    expect(sentAt.length).toBe(2);
    await jest.advanceTimersByTimeAsync(3_000);
    await Promise.all(running);
  });
});

describe('a defect of ours', () => {
  it('is an outcome, not an exception, is not retried, and is reported with the error', async () => {
    const error = new TypeError('x is not a function');
    const { sentAt, events, fetchFor } = create([() => Promise.reject(error)]);
    const { outcome } = await fetchFor(1_000);
    expect(outcome).toEqual({ status: 'unavailable', reason: 'internal-error' });
    expect(sentAt.length).toBe(1);
    expect(events.at(-2)).toMatchObject({
      type: 'call-ended',
      ending: { outcome: 'failure', failure: { kind: 'internal-error', error } },
    });
  });
});

describe('closing', () => {
  it('ends calls under way without a further retry, and later fetches find the provider unavailable', async () => {
    const { client, sentAt } = create([status(503)]);
    const running = client.fetch('ada');
    await jest.advanceTimersByTimeAsync(50);
    const closed = client.close();
    await jest.advanceTimersByTimeAsync(50);
    await closed;
    expect(await running).toEqual({ status: 'unavailable', reason: 'server-error' });
    expect(sentAt).toEqual([0]);
    expect(await client.fetch('ada')).toEqual({ status: 'unavailable', reason: 'circuit-open' });
  });
});

describe('the request that a call is made for', () => {
  it('is the first of those that share it, and each one that an open breaker refuses', async () => {
    const { client, events } = create([status(200, '{}')]);
    const shared = Promise.all([
      client.fetch('ada', { requestId: 'r-1' }),
      client.fetch('ada', { requestId: 'r-2' }),
      client.fetch('grace'),
    ]);
    await jest.advanceTimersByTimeAsync(0);
    await shared;
    client.breaker.forceOpen('alan');
    await client.fetch('ada', { requestId: 'r-3' });
    const told = events.flatMap((event) => ('requestId' in event ? [[event.type, event.requestId]] : []));
    expect(told).toEqual([
      ['call-started', 'r-1'],
      ['call-started', null],
      ['short-circuited', 'r-3'],
    ]);
  });
});
