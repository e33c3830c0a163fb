import { expect, it } from '@jest/globals';
import { CacheCounts } from '../../../src/platform/cache/cache-counts.ts';
import { recordCache } from '../../../src/platform/cache/cache-metrics.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';

it('The metrics of the cache are what has been counted, however often they are read', async () => {
  const registry = createMetrics({ service: 'test', version: '1.2.3', revision: 'abc' });
  const counts = new CacheCounts();
  recordCache({ counts, memory: { size: 3, bytes: 1_024 } }, registry);
  Object.assign(counts, { memoryHits: 5, memoryMisses: 4, sharedHits: 3, sharedMisses: 2, fillsStored: 1 });
  await registry.metrics();
  counts.memoryHits += 1;
  const metrics = new ScrapedMetrics(await registry.metrics());
  const requests = (level: string, result: string) => metrics.sum('cache_requests_total', { level, result });
  expect([requests('memory', 'hit'), requests('memory', 'miss')]).toEqual([6, 4]);
  expect([requests('shared', 'hit'), requests('shared', 'miss')]).toEqual([3, 2]);
  expect(metrics.values('cache_fills_total')).toEqual({ stored: 1 });
  expect([metrics.sum('cache_entries'), metrics.sum('cache_bytes')]).toEqual([3, 1_024]);
});
