import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import type { WorkerEvent } from '../../../src/platform/workers/worker-events.ts';
import { recordWorkers } from '../../../src/platform/workers/worker-metrics.ts';
import { buildUserBody } from '../../helpers/build-user.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { ScrapedMetrics, scrape } from '../../helpers/scraped-metrics.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

/** The rows of the playbook's tables. */
const documented = [
  ...readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8').matchAll(
    /^\| `(\w+)(?:\{([\w, ]+)\})?` \| (counter|gauge|histogram) \| \S/gm,
  ),
]
  .map(([, name, labels = '', type]) => `${type} ${name}{${labels}}`)
  .sort();

/** Those of replicas, of which SQLite has none, have no series that would show their labels. */
const withoutSeries: Readonly<Record<string, string>> = {
  database_replica_state: 'replica, state',
  database_replica_lag_seconds: 'replica',
  database_replica_reads_total: 'replica, outcome',
  database_replica_bypassed_reads_total: 'reason',
};

/** The metrics that there are; labels as far as they have series. */
const existing = (metrics: ScrapedMetrics): string[] =>
  [...metrics.families]
    .map(([name, { type, samples }]) => {
      if (samples.length === 0 && withoutSeries[name] !== undefined) return `${type} ${name}{${withoutSeries[name]}}`;
      const labels = samples.flatMap((sample) => Object.keys(sample.labels)).filter((label) => label !== 'le');
      return `${type} ${name}{${[...new Set(labels)].join(', ')}}`;
    })
    .sort();

describe('The tables in docs/operations.md', () => {
  let profiles: RunningProfiles;
  let metrics: ScrapedMetrics;
  /** What a supervisor adds to the figures of its workers. */
  let supervisors: ScrapedMetrics;

  beforeAll(async () => {
    const registry = new Registry();
    recordWorkers(new EventStream<WorkerEvent>(() => {}), registry, () => ['ready']);
    supervisors = new ScrapedMetrics(await registry.metrics());
    // Nothing needs to answer there.
    const redis = { REDIS_URL: 'redis://127.0.0.1:9' };
    profiles = await startProfiles(sqlite, { RATE_LIMIT_PER_MINUTE: '1000', ...redis });
    const created = await fetch(`${profiles.url}/api/users`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(buildUserBody()),
    });
    const { id } = (await created.json()) as { id: string };
    await fetch(`${profiles.url}/api/users/nobody`);
    await fetch(`${profiles.url}/ready`);
    profiles.mock.control.change({ mode: 'hanging' });
    const hangUp = new AbortController();
    const abandoned = fetch(`${profiles.url}/api/users/${id}/enriched`, { signal: hangUp.signal });
    await eventually(() => expect(profiles.mock.control.requests().count).toBe(1));
    hangUp.abort();
    await expect(abandoned).rejects.toThrow();
    await eventually(async () => {
      metrics = await scrape(profiles.url);
      expect(metrics.sum('http_requests_abandoned_total')).toBe(1);
    });
  });
  afterAll(async () => await profiles.stop());

  it('name every metric that the service has, with its type and labels, and no other', () => {
    expect(documented).toEqual([...existing(metrics), ...existing(supervisors)].sort());
  });
});
