import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { requestsTo } from './requests-to.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

let profiles: RunningProfiles;
beforeEach(async () => {
  profiles = await startProfiles(sqlite, {
    ENRICHMENT_ATTEMPT_TIMEOUT_MS: '150',
    ENRICHMENT_DEADLINE_MS: '600',
    ENRICHMENT_BREAKER_RESET_MS: '600',
    // Whether a read finds the user in memory depends on how soon after the start it comes.
    CACHE_MEMORY_ENTRIES_MAX: '0',
  });
});
afterEach(async () => await profiles.stop());

const { send, create, enriched } = requestsTo(() => profiles);

/** Lines of the log with this message, counted by what `key` makes of them. */
const countLines = (message: string, key: (line: Record<string, unknown>) => unknown): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const line of profiles.logged.filter(({ msg }) => msg === message)) {
    const name = String(key(line));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('Metrics and log tell the same', () => {
  it('of requests: answered, refused and abandoned', async () => {
    const id = await create();
    await create();
    await send('GET', `/api/users/${id}`);
    await send('HEAD', `/api/users/${id}`);
    await send('GET', '/api/users/nobody');
    await send('POST', '/api/users', { name: '' });
    await send('PUT', '/api/users');
    await send('PROPFIND', '/api/users');
    await send('GET', `/no/such/${id}`);
    await send('GET', '/health');
    await send('GET', '/metrics');
    profiles.mock.control.change({ mode: 'hanging' });
    const hangUp = new AbortController();
    const abandoned = fetch(`${profiles.url}/api/users/${id}/enriched`, { signal: hangUp.signal });
    await eventually(() => expect(profiles.mock.control.requests().count).toBe(1));
    expect((await scrape(profiles.url)).sum('http_requests_in_flight')).toBe(2);
    hangUp.abort();
    await expect(abandoned).rejects.toThrow();
    // It got no answer, and so no status.
    await eventually(() =>
      expect(countLines('Request ended before its answer had gone out', ({ status }) => status)).toEqual({
        undefined: 1,
      }),
    );

    const answered = 'Request answered';
    const logged = countLines(answered, ({ method, route, status }) =>
      [method === 'PROPFIND' ? 'OTHER' : method, route, status].join(' '),
    );
    const codes = countLines(answered, ({ code }) => code);
    delete codes['undefined'];
    const metrics = await scrape(profiles.url);

    expect(metrics.values('http_requests_total')).toEqual(logged);
    expect(logged).toMatchObject({
      'POST /api/users 201': 2,
      'POST /api/users 400': 1,
      'GET /api/users/:id 404': 1,
      'OTHER /api/users 405': 1,
      'GET unmatched 404': 1,
      'GET /metrics 200': 2,
    });
    expect(metrics.values('http_problems_total')).toEqual(codes);
    expect(codes).toEqual({
      'user-not-found': 1,
      'validation-failed': 1,
      'method-not-allowed': 2,
      'route-not-found': 1,
    });
    expect(countLines(answered, ({ code, summary }) => [code, summary].join(': '))).toMatchObject({
      'user-not-found: There is no such user': 1,
      'validation-failed: The request does not follow the rules': 1,
    });
    expect(metrics.values('http_requests_abandoned_total')).toEqual({ 'GET /api/users/:id/enriched': 1 });
    const counted = Object.values(logged).reduce((sum, count) => sum + count, 0);
    expect(metrics.sum('http_request_duration_seconds_count')).toBe(counted);
    const loggedMs = profiles.logged.flatMap(({ msg, durationMs }) => (msg === answered ? [Number(durationMs)] : []));
    const sumMs = loggedMs.slice(0, counted).reduce((sum, each) => sum + each, 0);
    // The log rounds to tenths.
    expect(Math.abs(metrics.sum('http_request_duration_seconds_sum') * 1_000 - sumMs)).toBeLessThan(0.06 * counted);
    // Nothing but the scrape itself.
    expect(metrics.sum('http_requests_in_flight')).toBe(1);
  });

  it('of what could not be read as a request', async () => {
    const socket = connect(Number(new URL(profiles.url).port), '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nbroken header\r\n\r\n');
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 400 Bad Request');

    expect(countLines('Request unreadable', ({ status, code, summary }) => [status, code, summary].join(' '))).toEqual({
      '400 malformed-request The request is not valid HTTP': 1,
    });
    const metrics = await scrape(profiles.url);
    expect(metrics.values('http_requests_total')).toEqual({ 'OTHER unmatched 400': 1 });
    expect(metrics.values('http_problems_total')).toEqual({ 'malformed-request': 1 });
    expect(metrics.sum('http_requests_in_flight')).toBe(1);
  });

  it('of the provider: attempts, retries, the breaker, fallbacks and recovery', async () => {
    const id = await create();
    expect(await enriched(id)).toBe('available');
    profiles.mock.control.change({ mode: 'failing' });
    for (let call = 0; call < 3; call++) expect(await enriched(id)).toBe('unavailable');
    profiles.mock.control.change({ mode: 'hanging' });
    for (let call = 0; call < 2; call++) expect(await enriched(id)).toBe('unavailable');
    expect(await enriched(id)).toBe('unavailable');
    const open = await scrape(profiles.url);
    expect(open.values('circuit_breaker_state')).toEqual({ 'enrichment open': 1, 'database closed': 1 });

    profiles.mock.control.change({ mode: 'healthy' });
    await eventually(async () => expect(await enriched(id)).toBe('available'));

    const metrics = await scrape(profiles.url);
    const ofEnrichment = (name: string) =>
      Object.fromEntries(
        Object.entries(metrics.values(name))
          .filter(([key]) => key.startsWith('enrichment '))
          .map(([key, value]) => [key.slice('enrichment '.length), value]),
      );
    expect(metrics.values('circuit_breaker_state')).toEqual({ 'enrichment closed': 1, 'database closed': 1 });
    expect(ofEnrichment('circuit_breaker_state_changes_total')).toEqual({ open: 1, 'half-open': 1, closed: 1 });
    expect(countLines('Circuit Breaker OPEN', ({ breaker }) => breaker)).toEqual({ enrichment: 1 });

    const fallbacks = countLines('Enrichment answered as unavailable', ({ reason }) => reason);
    expect(ofEnrichment('dependency_fallbacks_total')).toEqual(fallbacks);
    const { 'short-circuited': refused, ...made } = ofEnrichment('dependency_calls_total');
    expect(refused).toBe(fallbacks['circuit-open']);
    expect(made).toEqual({
      ...countLines('Enrichment call failed', ({ outcome }) => outcome),
      ...countLines('Enrichment call succeeded', ({ outcome }) => outcome),
    });
    expect(made).toMatchObject({ success: 2, failure: 3 });
    expect(made['timeout']).toBeGreaterThan(0);
    expect(ofEnrichment('dependency_retries_total')).toEqual(
      countLines('Enrichment retry scheduled', ({ retry }) => retry),
    );
    expect(metrics.values('enrichment_attempt_duration_seconds_count')).toEqual(
      countLines('Enrichment attempt ended', ({ outcome }) => outcome),
    );
    expect(metrics.sum('enrichment_attempt_duration_seconds_count')).toBe(profiles.mock.control.requests().count);
    const calls = Object.values(made).reduce((sum, count) => sum + count, 0);
    const labels = { dependency: 'enrichment' };
    expect(metrics.sum('dependency_call_duration_seconds_count', labels)).toBe(calls);
    // Three calls with retries of 100, 200 and 400 ms, or what of them fits into the deadline.
    expect(metrics.sum('dependency_call_duration_seconds_sum', labels)).toBeGreaterThan(0.9);
  });

  it('of the database: a call for each read and each unit of work', async () => {
    const before = await scrape(profiles.url);
    const id = await create();
    await send('GET', `/api/users/${id}`);
    await send('PATCH', `/api/users/${id}`, { name: 'Grace' });
    await send('POST', '/api/users', { ...buildUserBody(), id });
    const metrics = await scrape(profiles.url);

    const labels = { dependency: 'database', outcome: 'success' };
    expect(metrics.sum('dependency_calls_total', labels) - before.sum('dependency_calls_total', labels)).toBe(4);
    expect(metrics.sum('dependency_calls_total', { dependency: 'database' })).toBe(
      metrics.sum('dependency_call_duration_seconds_count', { dependency: 'database' }),
    );
    expect(metrics.sum('database_pool_wait_seconds_count')).toBeGreaterThan(
      before.sum('database_pool_wait_seconds_count'),
    );
  });
});

describe('Idempotency metrics', () => {
  it('count replays, requests that still run, and keys of other requests', async () => {
    const headers = { 'Idempotency-Key': 'k-1' };
    const body = buildUserBody();
    expect((await send('POST', '/api/users', body, headers)).status).toBe(201);
    for (let replay = 0; replay < 3; replay++) {
      expect((await send('POST', '/api/users', body, headers)).headers.get('idempotency-replayed')).toBe('true');
    }
    expect((await send('POST', '/api/users', buildUserBody(), headers)).status).toBe(422);
    const other = buildUserBody();
    const parallel = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { status, headers: answered } = await send('POST', '/api/users', other, { 'Idempotency-Key': 'k-2' });
        return answered.get('idempotency-replayed') === 'true' ? 'replayed' : String(status);
      }),
    );
    const inProgress = parallel.filter((result) => result === '409').length;
    const replayed = parallel.filter((result) => result === 'replayed').length;
    expect(inProgress).toBeGreaterThan(0);

    const metrics = await scrape(profiles.url);
    expect(metrics.values('idempotency_requests_total')).toEqual({
      replayed: 3 + replayed,
      'in-progress': inProgress,
      'key-reused': 1,
    });
    expect(metrics.values('http_problems_total')).toEqual({
      'request-in-progress': inProgress,
      'idempotency-key-reused': 1,
    });
  });
});
