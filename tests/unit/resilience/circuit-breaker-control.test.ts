import { describe, expect, it, jest } from '@jest/globals';
import type { CircuitState, CircuitStateChange } from '../../../src/platform/resilience/operated-breaker.ts';
import { type BreakerFixture, breakersOnFakeClock, failure, times } from './breaker-fixture.ts';

const create = breakersOnFakeClock();
const operator = 'ada';

interface WatchedFixture extends BreakerFixture {
  readonly told: readonly CircuitStateChange[];
}

/** A breaker in this state, that has told nothing yet. */
async function breakerIn(state: CircuitState): Promise<WatchedFixture> {
  const told: CircuitStateChange[] = [];
  const fixture = create({ consecutiveFailures: 3, resetMs: 1_000, onStateChange: (change) => told.push(change) });
  if (state !== 'closed') await times(3, fixture.fail);
  if (state === 'half-open') await jest.advanceTimersByTimeAsync(1_000);
  expect(fixture.breaker.state).toBe(state);
  told.length = 0;
  return { ...fixture, told };
}

const states = ['closed', 'open', 'half-open'] as const;

describe('a circuit breaker that an operator forces open', () => {
  it.each(states)('refuses calls and sends no probe, when it was %s', async (state) => {
    const { breaker, succeed } = await breakerIn(state);
    breaker.forceOpen(operator);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(breaker).toMatchObject({ state: 'open', isForced: true });
    expect(breaker.figures().nextProbeInMs).toBeNull();
    await expect(succeed()).rejects.toMatchObject({ name: 'CircuitOpenError', retryAfterMs: 1_000 });
  });

  it.each(states)('tells who did it, when it was %s', async (from) => {
    const { breaker, told } = await breakerIn(from);
    breaker.forceOpen(operator);
    breaker.forceOpen('grace');
    await Promise.resolve();
    expect(told).toEqual(from === 'open' ? [] : [{ name: 'test', from, to: 'open', by: operator }]);
  });

  it('takes back the admission of calls under way, which end as they would have', async () => {
    const { breaker } = await breakerIn('closed');
    const gate = Promise.withResolvers<string>();
    let admitted: (() => boolean) | undefined;
    const early = breaker.execute((isAdmitted) => {
      admitted = isAdmitted;
      return gate.promise;
    });
    breaker.forceOpen(operator);
    expect(admitted?.()).toBe(false);
    breaker.close(operator);
    expect(admitted?.()).toBe(false);
    gate.resolve('late');
    await expect(early).resolves.toBe('late');
  });

  it.each([
    ['succeeds', (gate: PromiseWithResolvers<string>) => gate.resolve('late')],
    ['fails', (gate: PromiseWithResolvers<string>) => gate.reject(failure)],
  ])('is not moved by a probe under way that %s then', async (_how, settle) => {
    const { breaker } = await breakerIn('half-open');
    const gate = Promise.withResolvers<string>();
    const probe = Promise.allSettled([breaker.execute(() => gate.promise)]);
    breaker.forceOpen(operator);
    settle(gate);
    await probe;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(breaker).toMatchObject({ state: 'open', isForced: true });
  });
});

describe.each(['close', 'reset'] as const)('a circuit breaker that an operator tells to %s', (action) => {
  it.each(['open', 'half-open'] as const)('lets calls out at once, when it was %s', async (from) => {
    const { breaker, told, succeed } = await breakerIn(from);
    breaker[action](operator);
    await expect(succeed()).resolves.toBe('data');
    expect(breaker.state).toBe('closed');
    expect(told).toEqual([{ name: 'test', from, to: 'closed', by: operator }]);
  });

  it('is no longer held open', async () => {
    const { breaker, succeed } = await breakerIn('closed');
    breaker.forceOpen(operator);
    breaker[action](operator);
    expect(breaker).toMatchObject({ state: 'closed', isForced: false });
    await expect(succeed()).resolves.toBe('data');
  });

  it('opens by itself again, and probes then', async () => {
    const { breaker, fail, told } = await breakerIn('open');
    breaker[action](operator);
    await times(2, fail);
    expect(breaker.state).toBe('closed');
    await fail();
    expect(breaker.state).toBe('open');
    expect(told.at(-1)).toEqual({ name: 'test', from: 'closed', to: 'open', by: null });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
  });

  it('is not moved by a probe under way that fails then', async () => {
    const { breaker } = await breakerIn('half-open');
    const gate = Promise.withResolvers<string>();
    const probe = Promise.allSettled([breaker.execute(() => gate.promise)]);
    breaker[action](operator);
    gate.reject(failure);
    await probe;
    expect(breaker.state).toBe('closed');
    expect(breaker.figures().volume).toBe(0);
  });

  it('stays shut down when it was', async () => {
    const { breaker, told, succeed } = await breakerIn('open');
    breaker.shutdown();
    breaker[action](operator);
    breaker.forceOpen(operator);
    await expect(succeed()).rejects.toThrow('is open');
    expect(told).toEqual([]);
    expect(breaker.isForced).toBe(false);
  });
});

describe('a closed circuit breaker', () => {
  it('keeps what it has counted when it is told to close', async () => {
    const { breaker, told, fail } = await breakerIn('closed');
    await times(2, fail);
    breaker.close(operator);
    expect(breaker.figures()).toMatchObject({ volume: 2, errorShare: 1, consecutiveFailures: 2 });
    await fail();
    expect(breaker.state).toBe('open');
    expect(told).toEqual([{ name: 'test', from: 'closed', to: 'open', by: null }]);
  });

  it('forgets what it has counted when it is reset, and lets calls under way retry', async () => {
    const { breaker, told, fail } = await breakerIn('closed');
    await times(2, fail);
    const gate = Promise.withResolvers<string>();
    let admitted: (() => boolean) | undefined;
    const early = Promise.allSettled([
      breaker.execute((isAdmitted) => {
        admitted = isAdmitted;
        return gate.promise;
      }),
    ]);
    breaker.reset(operator);
    expect(admitted?.()).toBe(true);
    gate.reject(failure);
    await early;
    expect(breaker.figures()).toMatchObject({ volume: 0, errorShare: 0, consecutiveFailures: 0 });
    await times(2, fail);
    expect(breaker.state).toBe('closed');
    expect(told).toEqual([]);
  });
});

describe('the figures of a circuit breaker', () => {
  it('are of its window while it is closed', async () => {
    const { breaker, succeed, fail } = create({ windowMs: 10_000 });
    await times(3, succeed);
    await fail();
    expect(breaker.figures()).toMatchObject({
      volume: 4,
      errorShare: 0.25,
      consecutiveFailures: 1,
      nextProbeInMs: null,
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(breaker.figures()).toMatchObject({ volume: 0, errorShare: 0, consecutiveFailures: 1 });
  });

  it('are those that it opened with while it is open, and count down to the probe', async () => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 3, resetMs: 1_000 });
    await succeed();
    await times(3, fail);
    const openedAt = Date.now();
    await jest.advanceTimersByTimeAsync(400);
    const opened = { volume: 4, errorShare: 0.75, consecutiveFailures: 3 };
    expect(breaker.figures()).toEqual({ ...opened, nextProbeInMs: 600, since: openedAt });
    breaker.forceOpen(operator);
    expect(breaker.figures()).toEqual({ ...opened, nextProbeInMs: null, since: openedAt });
  });

  it('are at zero while a probe is awaited', async () => {
    const { breaker } = await breakerIn('half-open');
    expect(breaker.figures()).toMatchObject({ volume: 0, consecutiveFailures: 0, nextProbeInMs: 0, since: Date.now() });
  });

  it('come with its limits', () => {
    const { breaker } = create({ consecutiveFailures: 3, resetMs: 1_000 });
    expect(breaker.limits).toEqual({
      failureRatio: 0.5,
      volume: 5,
      windowMs: 10_000,
      consecutiveFailures: 3,
      resetMs: 1_000,
    });
  });
});
