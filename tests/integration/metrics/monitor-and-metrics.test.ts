import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Edge, OutcomeCounts, ResilienceSnapshot } from '../../../src/profiles/dashboard/resilience-snapshot.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';
import { requestsTo } from './requests-to.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

let profiles: RunningProfiles;
beforeEach(async () => {
  profiles = await startProfiles(sqlite, {
    ENRICHMENT_ATTEMPT_TIMEOUT_MS: '150',
    ENRICHMENT_DEADLINE_MS: '600',
    // Time enough for all that has to happen while it is open.
    ENRICHMENT_BREAKER_RESET_MS: '2000',
    OPS_CONTROLS: 'true',
  });
});
afterEach(async () => await profiles.stop());

const { send, create, enriched } = requestsTo(() => profiles);
const snapshot = async (): Promise<ResilienceSnapshot> =>
  (await (await send('GET', '/ops/resilience')).json()) as ResilienceSnapshot;

/** All that has happened so far, when the second that it happened in is over. */
async function history(): Promise<ResilienceSnapshot> {
  const { at } = await snapshot();
  let found = await snapshot();
  await eventually(async () => {
    found = await snapshot();
    expect(found.points.at(-1)?.at).toBeGreaterThan(at - 1_000);
  });
  return found;
}

function totalOf(edge: Edge, { points }: ResilienceSnapshot): OutcomeCounts {
  const total = { success: 0, failure: 0, timeout: 0, shortCircuited: 0, rejected: 0, fallback: 0 };
  for (const { edges } of points) {
    for (const outcome of ['success', 'failure', 'timeout', 'shortCircuited', 'rejected', 'fallback'] as const) {
      total[outcome] += edges[edge][outcome];
    }
  }
  return total;
}

const linesOf = (message: string) => profiles.logged.filter(({ msg }) => msg === message);
const sumOf = (counts: Record<string, number>, matches: (key: string) => boolean): number =>
  Object.entries(counts).reduce((sum, [key, count]) => (matches(key) ? sum + count : sum), 0);

describe('Monitor, metrics and log tell the same', () => {
  it('of the provider: calls, attempts, waits, the breaker and fallbacks', async () => {
    const id = await create();
    expect(await enriched(id, 'r-first')).toBe('available');
    profiles.mock.control.change({ mode: 'failing' });
    for (let call = 0; call < 3; call++) expect(await enriched(id)).toBe('unavailable');
    profiles.mock.control.change({ mode: 'hanging' });
    for (let call = 0; call < 3; call++) expect(await enriched(id)).toBe('unavailable');
    expect(await enriched(id)).toBe('unavailable');
    profiles.mock.control.change({ mode: 'healthy' });
    await eventually(async () => expect((await snapshot()).breakers[0]?.state).toBe('half-open'));
    expect(await enriched(id)).toBe('available');

    const found = await history();
    const metrics = await scrape(profiles.url);
    const calls = (outcome: string): number =>
      metrics.sum('dependency_calls_total', { dependency: 'enrichment', outcome });
    const total = totalOf('enrichment', found);
    expect(total).toEqual({
      success: calls('success'),
      failure: calls('failure'),
      timeout: calls('timeout'),
      shortCircuited: calls('short-circuited'),
      rejected: calls('rejected'),
      fallback: metrics.sum('dependency_fallbacks_total', { dependency: 'enrichment' }),
    });
    expect(total.success).toBe(2);
    expect(total.failure).toBe(3);
    expect(total.shortCircuited).toBeGreaterThan(0);
    expect(linesOf('Enrichment call succeeded').length).toBe(total.success);
    expect(linesOf('Enrichment call failed').length).toBe(total.failure + total.timeout);
    expect(linesOf('Enrichment answered as unavailable').length).toBe(total.fallback);

    const made = found.calls.filter(({ steps }) => steps.length > 0);
    expect(made[0]).toMatchObject({ userId: id, requestId: 'r-first', outcome: 'success' });
    const steps = made.flatMap((call) => call.steps);
    const attempts = steps.filter(({ kind }) => kind === 'attempt');
    expect(attempts.length).toBe(profiles.mock.control.requests().count);
    expect(attempts.length).toBe(metrics.sum('enrichment_attempt_duration_seconds_count'));
    expect(attempts.length).toBe(linesOf('Enrichment attempt ended').length);
    const waits = steps.flatMap((step) => (step.kind === 'wait' ? [step.durationMs] : []));
    expect(waits.length).toBe(metrics.sum('dependency_retries_total', { dependency: 'enrichment' }));
    expect(waits).toEqual(linesOf('Enrichment retry scheduled').map(({ delayMs }) => delayMs));

    expect(found.changes.map(({ breaker, from, to, by }) => ({ breaker, from, to, by }))).toEqual(
      profiles.logged.flatMap(({ msg, breaker, from, to }) =>
        String(msg).startsWith('Circuit Breaker') ? [{ breaker, from, to, by: null }] : [],
      ),
    );
    expect(found.changes.length).toBe(metrics.sum('circuit_breaker_state_changes_total'));
    expect(found.changes.map(({ to }) => to)).toEqual(['open', 'half-open', 'closed']);
  });

  it('of clients and the database, with its breaker held open by an operator', async () => {
    const id = await create();
    await send('GET', `/api/users/${id}`);
    await send('GET', '/api/users/nobody');
    await send('GET', '/health');
    await send('GET', '/ready');
    const control = async (action: string) =>
      await send('PUT', '/ops/breakers/database', { action, by: 'ada' }).then((answer) => answer.status);
    expect(await control('open')).toBe(200);
    for (let request = 0; request < 3; request++) {
      expect((await send('GET', '/api/users?limit=1')).status).toBe(503);
    }
    expect(await control('close')).toBe(200);
    expect((await send('GET', '/api/users?limit=1')).status).toBe(200);

    const found = await history();
    const metrics = await scrape(profiles.url);
    const isClient = (route: string): boolean => !/^\/(?:health|ready|metrics|ops|dashboard)/.test(route);
    const counted = metrics.values('http_requests_total');
    const answered = (pattern: RegExp): number =>
      sumOf(counted, (key) => isClient(key.split(' ')[1] ?? '') && pattern.test(key));
    const logged = profiles.logged.filter(({ msg, route }) => msg === 'Request answered' && isClient(String(route)));
    const ofClients = totalOf('clients', found);
    expect(ofClients).toMatchObject({ success: answered(/[1-4]\d\d$/), failure: answered(/5\d\d$/), rejected: 0 });
    expect(ofClients).toMatchObject({ success: 4, failure: 3 });
    expect(logged.length).toBe(7);

    // What the service does by itself counts, too, whenever that is; the monitor tells of it when its second is over.
    await eventually(
      async () => {
        const total = totalOf('database', await history());
        const scraped = await scrape(profiles.url);
        const calls = (outcome: string): number =>
          scraped.sum('dependency_calls_total', { dependency: 'database', outcome });
        expect(total).toEqual({
          success: calls('success'),
          failure: calls('failure'),
          timeout: calls('timeout'),
          shortCircuited: calls('short-circuited'),
          rejected: calls('rejected'),
          fallback: 0,
        });
        expect(total.shortCircuited).toBeGreaterThanOrEqual(3);
      },
      { timeoutMs: 10_000 },
    );

    const changes = found.changes.map(({ breaker, from, to, by }) => ({ breaker, from, to, operator: by }));
    expect(changes).toEqual([
      { breaker: 'database', from: 'closed', to: 'open', operator: 'ada' },
      { breaker: 'database', from: 'open', to: 'closed', operator: 'ada' },
    ]);
    expect([...linesOf('Circuit Breaker OPEN'), ...linesOf('Circuit Breaker CLOSED')]).toMatchObject(changes);
    expect(metrics.sum('circuit_breaker_state_changes_total')).toBe(2);
  });
});
