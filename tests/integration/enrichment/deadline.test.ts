import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import {
  answer,
  answerJson,
  type Behaviour,
  dripBody,
  dripHeaders,
  flood,
  hang,
} from '../../helpers/scripted-provider.ts';
import { type Fixture, startFixture } from './enrichment-fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

describe('E4: a provider that takes its time', () => {
  // An attempt of 700 ms, a delay of 100 ms, and an attempt of the 200 ms that are left.
  const limits = { attemptTimeoutMs: 700, deadlineMs: 1_000 };

  it.each<[string, Behaviour]>([
    ['hangs', hang],
    ['drips the headers, a byte per 50 ms', dripHeaders(50)],
    ['drips the body, a byte per 50 ms', dripBody(50)],
    ['drips an error page, a byte per 50 ms', dripBody(50, 503)],
  ])('%s: the call ends at its deadline, at most 50 ms late, and no socket is left', async (_what, behaviour) => {
    fixture = await startFixture([behaviour], limits);
    const { client, provider, heldUpMs } = fixture;
    const startedAt = performance.now();
    await expect(client.fetch('ada')).resolves.toEqual({ status: 'unavailable', reason: 'timeout' });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeLessThan(limits.deadlineMs + 50 + heldUpMs());
    await eventually(() => expect(provider.connections).toBe(0));
  });

  it('answers 10 MB: the call ends as soon as it is too much, and no socket is left', async () => {
    fixture = await startFixture([flood(10 * 1024 * 1024)], limits);
    const { client, provider, heldUpMs } = fixture;
    const startedAt = performance.now();
    await expect(client.fetch('ada')).resolves.toEqual({ status: 'unavailable', reason: 'oversized' });
    expect(performance.now() - startedAt).toBeLessThan(200 + heldUpMs());
    await eventually(() => expect(provider.connections).toBe(0));
  });

  it('hangs for 100 calls at once: each ends at its deadline, no socket is left, and the next call works', async () => {
    fixture = await startFixture([answer(404), hang], {
      ...limits,
      breaker: { volume: 1_000, consecutiveFailures: 1_000 },
    });
    const { client, provider, heldUpMs } = fixture;
    await client.fetch('warm-up');

    const timedFetch = async (userId: string) => {
      const startedAt = performance.now();
      const outcome = await client.fetch(userId);
      expect(performance.now() - startedAt).toBeLessThan(limits.deadlineMs + 50 + heldUpMs());
      return outcome;
    };
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, index) => timedFetch(`user-${index}`)));
    expect(outcomes).toEqual(Array.from({ length: 100 }, () => ({ status: 'unavailable', reason: 'timeout' })));
    await eventually(() => expect(provider.connections).toBe(0));

    provider.script(answerJson({}));
    await expect(client.fetch('ada')).resolves.toEqual({ status: 'available', json: '{}' });
  });

  it('hangs once, then answers: the call succeeds within its deadline', async () => {
    fixture = await startFixture([hang, answer(404)], limits);
    await expect(fixture.client.fetch('ada')).resolves.toEqual({ status: 'notFound' });
    expect(fixture.provider.requests.length).toBe(2);
  });
});
