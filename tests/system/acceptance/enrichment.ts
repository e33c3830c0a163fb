import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import type { HttpAnswer } from './http-client.ts';
import { createUser, expectProblem, type Target, type UserBody } from './target.ts';

/** An open breaker lets a probe through after 10 s. */
const recoveryMs = 12_000;
const recoveryTestMs = 60_000;

/** The longest that the service waits for its provider, and a little for itself. */
const deadlineMs = 3_500;

interface ProviderRequest {
  /** Since the request for the same user before. */
  readonly gapMs: number | null;
}

export function describeEnrichment({ api, provider }: Target): void {
  const setProvider = async (changes: Record<string, unknown>): Promise<void> => {
    expect((await provider.send('PUT', '/control', { json: changes })).status).toBe(200);
  };
  const resetProvider = async (): Promise<void> => {
    expect((await provider.send('POST', '/control/reset')).status).toBe(200);
  };
  const providerRequests = async (): Promise<{ count: number; requests: readonly ProviderRequest[] }> =>
    (await provider.send('GET', '/control/requests')).json as { count: number; requests: ProviderRequest[] };

  const enriched = (id: string): Promise<HttpAnswer> => api.send('GET', `/api/users/${id}/enriched`);

  /** The whole answer for a user and what the provider said, with every member in its place. */
  async function expectEnriched(user: UserBody, status: 'available' | 'notFound' | 'unavailable'): Promise<HttpAnswer> {
    const answer = await enriched(user.id);
    const enrichedData = status === 'available' ? expect.objectContaining({ userId: user.id }) : null;
    expect(answer.json).toEqual({ ...user, enrichedData, enrichedDataStatus: status });
    expect(answer.status).toBe(200);
    return answer;
  }

  async function createEnrichedUser(): Promise<UserBody> {
    const user = await createUser(api);
    // An earlier test, or an earlier run, may have left the breaker open.
    await eventually(async () => void (await expectEnriched(user, 'available')), { timeoutMs: recoveryMs });
    return user;
  }

  describe('GET /api/users/{id}/enriched', () => {
    beforeEach(resetProvider);
    afterEach(resetProvider);

    it(
      'fails slowly at first, then at once, and recovers by itself',
      async () => {
        const user = await createEnrichedUser();
        await setProvider({ mode: 'failing' });
        const before = (await providerRequests()).count;

        // Each call that goes out is four attempts, 100, 200 and 400 ms apart; five failures in a row open the breaker.
        const slowMs: number[] = [];
        let asked = await providerRequests();
        for (let last = before; ; last = asked.count) {
          const { durationMs } = await expectEnriched(user, 'unavailable');
          asked = await providerRequests();
          if (asked.count === last) break;
          expect(asked.count).toBe(last + 4);
          slowMs.push(durationMs);
        }
        expect(slowMs.length).toBeGreaterThanOrEqual(1);
        expect(slowMs.length).toBeLessThanOrEqual(5);
        expect(Math.min(...slowMs)).toBeGreaterThanOrEqual(699);
        expect(Math.max(...slowMs)).toBeLessThan(deadlineMs);
        const gaps = asked.requests.slice(before).map(({ gapMs }) => gapMs ?? 0);
        for (const [index, gap] of gaps.entries())
          expect(gap).toBeGreaterThanOrEqual([0, 99, 199, 399][index % 4] ?? 0);

        // While it is open, the enriched profile costs what the profile costs.
        const plainMs: number[] = [];
        const openMs: number[] = [];
        for (let call = 0; call < 25; call++) {
          plainMs.push((await api.send('GET', `/api/users/${user.id}`)).durationMs);
          openMs.push((await expectEnriched(user, 'unavailable')).durationMs);
        }
        expect(median(openMs)).toBeLessThan(median(plainMs) + 10);
        expect((await providerRequests()).count).toBe(asked.count);

        await setProvider({ mode: 'healthy' });
        await eventually(async () => void (await expectEnriched(user, 'available')), { timeoutMs: recoveryMs });
        for (let call = 0; call < 10; call++) await expectEnriched(user, 'available');
      },
      recoveryTestMs,
    );

    it(
      'answers with what the provider knows, the same each time, and is not kept by caches',
      async () => {
        const user = await createEnrichedUser();
        const [first, second] = [await expectEnriched(user, 'available'), await expectEnriched(user, 'available')];
        expect(second.text).toBe(first.text);
        expect(first.headers['cache-control']).toBe('no-store');
        expect(first.headers.etag).toBeUndefined();
      },
      recoveryTestMs,
    );

    it(
      'says when the provider has nothing about the user, which is no failure',
      async () => {
        const user = await createEnrichedUser();
        await setProvider({ mode: 'not-found' });
        for (let call = 0; call < 10; call++) await expectEnriched(user, 'notFound');
        await setProvider({ mode: 'healthy' });
        await expectEnriched(user, 'available');
      },
      recoveryTestMs,
    );

    it(
      'gets over a failure of the provider without the caller noticing more than the delay',
      async () => {
        const user = await createEnrichedUser();
        await setProvider({ failNext: 2 });
        expect((await expectEnriched(user, 'available')).durationMs).toBeGreaterThanOrEqual(299);
      },
      recoveryTestMs,
    );

    it.each([
      ['broken JSON', 'malformed'],
      ['a dropped connection', 'reset'],
      ['no answer at all', 'hanging'],
    ])(
      'answers the profile although the provider gives %s',
      async (_what, mode) => {
        const user = await createEnrichedUser();
        await setProvider({ mode });
        expect((await expectEnriched(user, 'unavailable')).durationMs).toBeLessThan(deadlineMs);
      },
      recoveryTestMs,
    );

    it('does not ask the provider about a user that is not there', async () => {
      expectProblem(await enriched(randomUUID()), 404, 'user-not-found');
      expect((await providerRequests()).count).toBe(0);
    });

    it(
      'leaves the profile itself alone while the provider hangs',
      async () => {
        const user = await createEnrichedUser();
        await setProvider({ mode: 'hanging' });
        const waiting = enriched(user.id);
        expect((await api.send('GET', `/api/users/${user.id}`)).durationMs).toBeLessThan(500);
        expect((await waiting).status).toBe(200);
      },
      recoveryTestMs,
    );
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
