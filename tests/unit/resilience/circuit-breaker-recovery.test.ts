import { describe, expect, it, jest } from '@jest/globals';
import { CircuitOpenError } from '../../../src/platform/resilience/circuit-breaker.ts';
import { TimeoutError } from '../../../src/platform/resilience/deadline.ts';
import { type BreakerFixture, breakersOnFakeClock, failure, times } from './breaker-fixture.ts';

const create = breakersOnFakeClock();

describe('a half-open circuit breaker', () => {
  async function halfOpen(): Promise<BreakerFixture> {
    const fixture = create({ consecutiveFailures: 1 });
    await fixture.fail();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(fixture.breaker.state).toBe('half-open');
    return fixture;
  }

  it('lets one probe through and refuses the others', async () => {
    const { breaker, changes, succeed } = await halfOpen();
    const gate = Promise.withResolvers<string>();
    const probe = breaker.execute((admitted) => {
      expect(admitted()).toBe(true);
      return gate.promise;
    });
    await expect(succeed()).rejects.toMatchObject({ name: 'CircuitOpenError', retryAfterMs: 0 });
    gate.resolve('data');
    await expect(probe).resolves.toBe('data');
    expect(breaker.state).toBe('closed');
    expect(changes).toEqual(['test: closed → open', 'test: open → half-open', 'test: half-open → closed']);
  });

  it('opens again when the probe fails, for the whole reset time', async () => {
    const { breaker, fail } = await halfOpen();
    await fail();
    expect(breaker.state).toBe('open');
    await jest.advanceTimersByTimeAsync(9_999);
    expect(breaker.state).toBe('open');
    await jest.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe('half-open');
  });

  it('opens again when the probe hangs', async () => {
    const { breaker } = await halfOpen();
    const probe = expect(breaker.execute(() => new Promise(() => {}))).rejects.toThrow(TimeoutError);
    await jest.advanceTimersByTimeAsync(4_000);
    await probe;
    expect(breaker.state).toBe('open');
  });

  it.each([
    ['succeeds', (gate: PromiseWithResolvers<string>) => gate.resolve('late')],
    ['fails', (gate: PromiseWithResolvers<string>) => gate.reject(failure)],
  ])('is not moved by a call from before the opening that %s now', async (_how, settle) => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 1, resetMs: 1_000 });
    const gate = Promise.withResolvers<string>();
    const early = Promise.allSettled([breaker.execute(() => gate.promise)]);
    await fail();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
    settle(gate);
    await early;
    expect(breaker.state).toBe('half-open');
    await succeed();
    expect(breaker.state).toBe('closed');
  });

  it('closes with its counts at zero: failures from before the opening do not count again', async () => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 5, resetMs: 100 });
    await times(5, fail);
    await jest.advanceTimersByTimeAsync(100);
    await succeed();
    await times(3, succeed);
    await times(4, fail);
    expect(breaker.state).toBe('closed');
  });
});

describe('a circuit breaker that was shut down', () => {
  it('refuses every call and has no timers left', async () => {
    const { breaker, succeed, fail } = create({ consecutiveFailures: 1 });
    await fail();
    breaker.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(breaker.state).toBe('open');
    await expect(succeed()).rejects.toThrow(CircuitOpenError);
  });

  it('lets calls under way end, and takes back their admission', async () => {
    const { breaker } = create();
    const gate = Promise.withResolvers<string>();
    let admitted: (() => boolean) | undefined;
    const running = breaker.execute((isAdmitted) => {
      admitted = isAdmitted;
      return gate.promise;
    });
    breaker.shutdown();
    expect(admitted?.()).toBe(false);
    gate.resolve('data');
    await expect(running).resolves.toBe('data');
    expect(breaker.state).toBe('open');
  });
});

describe('a listener to state changes that throws', () => {
  it('does not disturb the call that changed the state', async () => {
    // The microtask is caught here, because jest would take its exception for a failure of the test.
    const microtasks = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
    const { breaker, fail } = create({
      consecutiveFailures: 1,
      onStateChange: () => {
        throw new Error('listener');
      },
    });
    await fail();
    expect(breaker.state).toBe('open');
    expect(() => microtasks.mock.calls[0]?.[0]()).toThrow('listener');
    microtasks.mockRestore();
  });
});
