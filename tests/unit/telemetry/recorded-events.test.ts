import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisCacheEvent } from '../../../src/platform/cache/redis-cache-events.ts';
import { recordRedisCache } from '../../../src/platform/cache/redis-cache-metrics.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import { recordDatabase } from '../../../src/platform/database/database-metrics.ts';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { recordHttp } from '../../../src/platform/http/http-metrics.ts';
import { createDependencyMetrics } from '../../../src/platform/telemetry/dependency-metrics.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createMetrics, type Registry } from '../../../src/platform/telemetry/metrics.ts';
import type { EnrichmentEvent } from '../../../src/profiles/enrichment/enrichment-events.ts';
import { recordEnrichment } from '../../../src/profiles/enrichment/enrichment-metrics.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';

const rethrow = (error: unknown): never => {
  throw error;
};

let registry: Registry;
beforeEach(() => {
  registry = createMetrics({ service: 'test', version: '1.2.3', revision: 'abc' });
});

const read = async () => new ScrapedMetrics(await registry.metrics());

/** Every series that has another value than before, with what it has grown by. Buckets go without saying. */
async function changesBy(act: () => void): Promise<Record<string, number>> {
  const valuesNow = async () => {
    const families = [...(await read()).families.values()].flatMap(({ samples }) => samples);
    const samples = families.filter(({ name }) => !name.endsWith('_bucket'));
    return new Map(
      samples.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value] as const),
    );
  };
  const before = await valuesNow();
  act();
  const after = await valuesNow();
  const changes = [...after].map(([series, value]) => [series, value - (before.get(series) ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

describe('The metrics of the database', () => {
  const usage = { inUse: 3, idle: 2, waiting: 1, max: 8 };
  let events: EventStream<DatabaseEvent>;
  let end: () => void;
  beforeEach(() => {
    events = new EventStream<DatabaseEvent>(rethrow);
    end = recordDatabase(events, registry, createDependencyMetrics(registry), { poolUsage: () => usage });
  });

  it.each<[DatabaseEvent, Record<string, number>]>([
    [
      { type: 'call-ended', outcome: 'timeout', durationMs: 500 },
      {
        'dependency_calls_total database timeout': 1,
        'dependency_call_duration_seconds_sum database': 0.5,
        'dependency_call_duration_seconds_count database': 1,
      },
    ],
    [
      { type: 'connection-awaited', waitMs: 250 },
      { database_pool_wait_seconds_sum: 0.25, database_pool_wait_seconds_count: 1 },
    ],
    [
      { type: 'transaction-retried', cause: 'deadlock', retry: 3, delayMs: 1 },
      { 'database_transaction_retries_total deadlock': 1, 'dependency_retries_total database 3': 1 },
    ],
    [
      { type: 'transaction-retried', cause: 'connection-lost', retry: 29, delayMs: 1 },
      { 'database_transaction_retries_total connection-lost': 1, 'dependency_retries_total database 4+': 1 },
    ],
    [{ type: 'read-retried' }, { database_read_retries_total: 1, 'dependency_retries_total database 1': 1 }],
    [{ type: 'commit-undecided' }, { database_commits_undecided_total: 1 }],
    [{ type: 'commit-resolved', committed: true }, { 'database_commits_resolved_total committed': 1 }],
    [{ type: 'commit-resolved', committed: false }, { 'database_commits_resolved_total not-committed': 1 }],
    [{ type: 'admission-refused', reason: 'queue-full' }, { 'dependency_calls_total database rejected': 1 }],
    [{ type: 'short-circuited' }, { 'dependency_calls_total database short-circuited': 1 }],
    [
      { type: 'breaker-state-changed', from: 'closed', to: 'open', by: null },
      {
        'circuit_breaker_state database closed': -1,
        'circuit_breaker_state database open': 1,
        'circuit_breaker_state_changes_total database open': 1,
      },
    ],
  ])('%j', async (event, expected) => {
    expect(await changesBy(() => events.emit(event))).toEqual(expected);
    end();
    expect(await changesBy(() => events.emit(event))).toEqual({});
  });

  it('show the connections as they are when they are read', async () => {
    const metrics = await read();
    expect(metrics.values('database_pool_connections')).toEqual({ 'in-use': 3, idle: 2 });
    expect(metrics.sum('database_pool_connections_max')).toBe(8);
    expect(metrics.sum('database_pool_waiting')).toBe(1);
  });
});

describe('The metrics of requests', () => {
  const answered = {
    type: 'request-ended',
    requestId: 'r',
    traceId: undefined,
    method: 'GET',
    route: '/api/users/:id',
    status: 404,
    code: 'user-not-found',
    durationMs: 20,
    abandoned: false,
    isStream: false,
  } as const;

  it.each<[string, HttpEvent, Record<string, number>]>([
    ['started', { type: 'request-started' }, { http_requests_in_flight: 1 }],
    [
      'answered',
      answered,
      {
        http_requests_in_flight: -1,
        'http_requests_total GET /api/users/:id 404': 1,
        'http_request_duration_seconds_sum GET /api/users/:id': 0.02,
        'http_request_duration_seconds_count GET /api/users/:id': 1,
        'http_problems_total user-not-found': 1,
      },
    ],
    [
      'of a method that nobody knows',
      { ...answered, method: 'PROPFIND', route: 'unmatched', status: 200, code: undefined },
      {
        http_requests_in_flight: -1,
        'http_requests_total OTHER unmatched 200': 1,
        'http_request_duration_seconds_sum OTHER unmatched': 0.02,
        'http_request_duration_seconds_count OTHER unmatched': 1,
      },
    ],
    [
      'abandoned',
      { ...answered, status: undefined, code: undefined, abandoned: true },
      { http_requests_in_flight: -1, 'http_requests_abandoned_total GET /api/users/:id': 1 },
    ],
    [
      'abandoned while its answer went out',
      { ...answered, abandoned: true },
      { http_requests_in_flight: -1, 'http_requests_abandoned_total GET /api/users/:id': 1 },
    ],
    [
      'streamed',
      { ...answered, status: 200, code: undefined, durationMs: 3_600_000, isStream: true },
      { http_requests_in_flight: -1, 'http_requests_total GET /api/users/:id 200': 1 },
    ],
    [
      'shed',
      { type: 'request-shed', method: 'PUT', reason: 'event-loop' },
      { 'http_requests_total PUT unmatched 503': 1, 'http_problems_total overloaded': 1 },
    ],
    [
      'unreadable',
      { type: 'request-unreadable', requestId: 'r', status: 431, code: 'header-fields-too-large' },
      { 'http_requests_total OTHER unmatched 431': 1, 'http_problems_total header-fields-too-large': 1 },
    ],
  ])('%s', async (_what, event, expected) => {
    const events = new EventStream<HttpEvent>(rethrow);
    const end = recordHttp(events, registry);
    expect(await changesBy(() => events.emit(event))).toEqual(expected);
    end();
    expect(await changesBy(() => events.emit(event))).toEqual({});
  });
});

describe('The metrics of the provider', () => {
  const userId = 'u-1';

  it.each<[EnrichmentEvent, Record<string, number>]>([
    [{ type: 'call-started', userId, requestId: null }, {}],
    [{ type: 'rejected', userId, requestId: null }, { 'dependency_calls_total enrichment rejected': 1 }],
    [{ type: 'fallback', userId, reason: 'rate-limited' }, { 'dependency_fallbacks_total enrichment rate-limited': 1 }],
    [{ type: 'retry-scheduled', userId, retry: 2, delayMs: 200 }, { 'dependency_retries_total enrichment 2': 1 }],
    [
      {
        type: 'attempt-ended',
        userId,
        attempt: 1,
        ending: { outcome: 'failure', failure: { kind: 'network' } },
        durationMs: 125,
      },
      {
        'enrichment_attempt_duration_seconds_sum failure': 0.125,
        'enrichment_attempt_duration_seconds_count failure': 1,
      },
    ],
  ])('%j', async (event, expected) => {
    const events = new EventStream<EnrichmentEvent>(rethrow);
    recordEnrichment(events, registry, createDependencyMetrics(registry));
    expect(await changesBy(() => events.emit(event))).toEqual(expected);
  });
});

describe('The metrics of the cache in Redis', () => {
  let events: EventStream<RedisCacheEvent>;
  let end: () => void;
  beforeEach(() => {
    events = new EventStream<RedisCacheEvent>(rethrow);
    end = recordRedisCache(events, registry, createDependencyMetrics(registry));
  });

  it.each<[RedisCacheEvent, Record<string, number>]>([
    [
      { type: 'call-ended', outcome: 'timeout', durationMs: 50 },
      {
        'dependency_calls_total cache timeout': 1,
        'dependency_call_duration_seconds_sum cache': 0.05,
        'dependency_call_duration_seconds_count cache': 1,
      },
    ],
    [{ type: 'short-circuited' }, { 'dependency_calls_total cache short-circuited': 1 }],
    [{ type: 'put-rejected' }, { 'dependency_calls_total cache rejected': 1 }],
    [{ type: 'put-ended', outcome: 'late' }, { 'cache_shared_puts_total late': 1 }],
    [{ type: 'entry-unreadable' }, { cache_shared_unreadable_total: 1 }],
    [
      { type: 'joined', entries: 'kept' },
      { cache_shared_in_use: 1, 'cache_shared_joins_total kept': 1 },
    ],
    [
      { type: 'breaker-state-changed', from: 'closed', to: 'open', by: null },
      {
        'circuit_breaker_state cache closed': -1,
        'circuit_breaker_state cache open': 1,
        'circuit_breaker_state_changes_total cache open': 1,
      },
    ],
  ])('%j', async (event, expected) => {
    expect(await changesBy(() => events.emit(event))).toEqual(expected);
    end();
    expect(await changesBy(() => events.emit(event))).toEqual({});
  });

  it('show that it is not used any more', async () => {
    events.emit({ type: 'joined', entries: 'dropped' });
    expect(await changesBy(() => events.emit({ type: 'left', code: 'READONLY' }))).toEqual({ cache_shared_in_use: -1 });
  });
});

it('Series whose labels are known are there before anything has happened, at zero', async () => {
  recordEnrichment(new EventStream<EnrichmentEvent>(rethrow), registry, createDependencyMetrics(registry));
  const metrics = await read();
  for (const [name, labels] of [
    ['dependency_calls_total', { dependency: 'enrichment', outcome: 'timeout' }],
    ['dependency_fallbacks_total', { dependency: 'enrichment', reason: 'caller-gone' }],
    ['dependency_retries_total', { dependency: 'enrichment', attempt: '4+' }],
    ['circuit_breaker_state_changes_total', { dependency: 'enrichment', to: 'half-open' }],
    ['enrichment_attempt_duration_seconds_count', { outcome: 'success' }],
  ] as const) {
    expect(metrics.sum(name, labels)).toBe(0);
  }
});
