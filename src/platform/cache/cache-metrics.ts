import type { Registry } from 'prom-client';
import { counterOnScrape, gaugeOnScrape } from '../telemetry/metrics.ts';
import type { CacheCounts } from './cache-counts.ts';
import type { MemoryCache } from './memory-cache.ts';

/** Shows what the cache has and how often it had what was asked for. */
export function recordCache(
  { counts, memory }: { readonly counts: CacheCounts; readonly memory: Pick<MemoryCache<unknown>, 'size' | 'bytes'> },
  registry: Registry,
): void {
  counterOnScrape(
    registry,
    {
      name: 'cache_requests_total',
      help: 'How often each level of the cache was asked, and whether it had an answer.',
      labelNames: ['level', 'result'],
    },
    () => [
      [{ level: 'memory', result: 'hit' }, counts.memoryHits],
      [{ level: 'memory', result: 'miss' }, counts.memoryMisses],
      [{ level: 'shared', result: 'hit' }, counts.sharedHits],
      [{ level: 'shared', result: 'miss' }, counts.sharedMisses],
    ],
  );
  counterOnScrape(
    registry,
    {
      name: 'cache_fills_total',
      help: 'What was loaded, and whether it was still good to be kept: not when it had changed meanwhile.',
      labelNames: ['result'],
    },
    () => [
      [{ result: 'stored' }, counts.fillsStored],
      [{ result: 'refused' }, counts.fillsRefused],
    ],
  );
  gaugeOnScrape(
    registry,
    { name: 'cache_entries', help: 'Entries in memory, those of keys with nothing under them included.' },
    (gauge) => gauge.set(memory.size),
  );
  gaugeOnScrape(registry, { name: 'cache_bytes', help: 'What the entries in memory take, about.' }, (gauge) =>
    gauge.set(memory.bytes),
  );
}
