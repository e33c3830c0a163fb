import { afterEach, describe, expect, it } from '@jest/globals';
import type { CircuitState } from '../../../src/platform/resilience/operated-breaker.ts';
import { eventually } from '../../helpers/eventually.ts';
import { answer, answerJson, held } from '../../helpers/scripted-provider.ts';
import { type Fixture, startFixture } from './enrichment-fixture.ts';

let fixture: Fixture;
let stopLoad: () => Promise<void> = async () => {};
afterEach(async () => {
  await stopLoad();
  await fixture.close();
});

/** Fetches another user every `everyMs` until it is stopped. */
function startLoad(everyMs: number): { readonly outcomes: Record<string, number> } {
  const outcomes: Record<string, number> = {};
  const running = new Set<Promise<void>>();
  let users = 0;
  const timer = setInterval(() => {
    users += 1;
    const call = fixture.client.fetch(`user-${users}`).then(({ status }) => {
      outcomes[status] = (outcomes[status] ?? 0) + 1;
      running.delete(call);
    });
    running.add(call);
  }, everyMs);
  stopLoad = async () => {
    clearInterval(timer);
    await Promise.all(running);
  };
  return { outcomes };
}

/** Resolves with the moment at which the breaker went to `state` for the time number `count`, counted from 1. */
async function breakerWent(state: CircuitState, count: number, timeoutMs: number): Promise<number> {
  const changes = () =>
    fixture.events
      .filter((event) => event.type === 'breaker-state-changed' && event.to === state)
      .map(({ atMs }) => atMs);
  await eventually(() => expect(changes().length).toBeGreaterThanOrEqual(count), { timeoutMs });
  return changes()[count - 1] ?? Number.NaN;
}

/** How many requests the client sent between two moments. */
const sentBetween = (fromMs: number, toMs: number): number =>
  fixture.events
    .filter((event) => event.type === 'attempt-ended')
    .map(({ atMs, durationMs }) => atMs - durationMs)
    .filter((startedAt) => startedAt > fromMs && startedAt <= toMs).length;

describe('E6: a provider that fails, heals, and fails again, at 100 requests/s', () => {
  // The contract's reset period is 10 s; everything else is as in production.
  const resetMs = 1_000;
  const openWithinMs = 1_200;
  const failing = answer(503);
  const healthy = answerJson({ segment: 'gold' });

  it('opens within 1.2 s, asks 4 times per reset period, closes, and opens again as fast', async () => {
    fixture = await startFixture([healthy], { breaker: { resetMs } });
    const { client, events, heldUpMs, provider } = fixture;
    const { outcomes } = startLoad(10);
    await eventually(() => expect(outcomes['available']).toBeGreaterThan(50), { timeoutMs: 10_000 });

    provider.script(failing);
    let failingSince = performance.now();
    let heldUpBeforeMs = heldUpMs();
    const opened = await breakerWent('open', 1, 5_000);
    expect(opened - failingSince).toBeLessThan(openWithinMs + heldUpMs() - heldUpBeforeMs);

    const firstProbe = await breakerWent('half-open', 1, 3_000);
    const openedAgain = await breakerWent('open', 2, 3_000);
    const secondProbe = await breakerWent('half-open', 2, 3_000);
    const openedOnceMore = await breakerWent('open', 3, 3_000);
    expect(sentBetween(opened, firstProbe)).toBe(0);
    expect(sentBetween(firstProbe, openedAgain)).toBe(4);
    expect(sentBetween(openedAgain, secondProbe)).toBe(0);
    expect(sentBetween(secondProbe, openedOnceMore)).toBe(4);

    const rejected = await Promise.all(Array.from({ length: 10_000 }, (_, index) => client.fetch(`rejected-${index}`)));
    expect(new Set(rejected.map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set(['{"status":"unavailable","reason":"circuit-open"}']),
    );

    provider.script(healthy);
    await breakerWent('closed', 1, resetMs + 2_000);
    const availableBefore = outcomes['available'] ?? 0;
    await eventually(() => expect(outcomes['available']).toBeGreaterThan(availableBefore + 50), { timeoutMs: 10_000 });

    provider.script(failing);
    failingSince = performance.now();
    heldUpBeforeMs = heldUpMs();
    const openedAtLast = await breakerWent('open', 4, 5_000);
    expect(openedAtLast - failingSince).toBeLessThan(openWithinMs + heldUpMs() - heldUpBeforeMs);

    await stopLoad();
    // The provider got nothing that was not reported; what timed out may not have reached it.
    const attempts = events.filter(({ type }) => type === 'attempt-ended').length;
    expect(provider.requests.length).toBeLessThanOrEqual(attempts);
  }, 60_000);
});

describe('E7: 200 callers of one user', () => {
  // The provider answers when the test says so; no attempt may time out before.
  const patient = { attemptTimeoutMs: 10_000, deadlineMs: 10_000 };

  it('are one request; when 100 of them hang up, the other 100 get the data', async () => {
    const later = held();
    fixture = await startFixture([later.behaviour], patient);
    const { client, events, provider } = fixture;
    const leavers = Array.from({ length: 100 }, () => new AbortController());
    const left = leavers.map(({ signal }) => client.fetch('ada', { signal }));
    const stayed = Array.from({ length: 100 }, () => client.fetch('ada', { signal: new AbortController().signal }));
    await provider.received(1);

    for (const leaver of leavers) leaver.abort();
    for (const outcome of await Promise.all(left)) {
      expect(outcome).toEqual({ status: 'unavailable', reason: 'caller-gone' });
    }
    later.release(answerJson({ segment: 'gold' }));

    for (const outcome of await Promise.all(stayed)) {
      expect(outcome).toEqual({ status: 'available', json: '{"segment":"gold"}' });
    }
    expect(provider.requests.length).toBe(1);
    expect(events.filter(({ type }) => type === 'call-started').length).toBe(1);
    expect(client.breaker.state).toBe('closed');
  });

  it('may all hang up: their number says nothing about the provider', async () => {
    const later = held();
    fixture = await startFixture([later.behaviour], { ...patient, breaker: { consecutiveFailures: 1, volume: 1 } });
    const { client, events, provider } = fixture;
    const callers = new AbortController();
    const outcomes = Array.from({ length: 200 }, () => client.fetch('ada', { signal: callers.signal }));
    await provider.received(1);
    callers.abort();
    await Promise.all(outcomes);
    later.release(answer(404));
    await eventually(() =>
      expect(events.at(-1)).toMatchObject({ type: 'call-ended', ending: { outcome: 'success', status: 'notFound' } }),
    );
    expect(client.breaker.state).toBe('closed');
  });
});
