import { beforeEach, describe, expect, it } from '@jest/globals';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { BucketCounts, histogramOnScrape } from '../../../src/platform/telemetry/histogram-on-scrape.ts';

const options = { name: 'wait_seconds', help: 'How long.', labelNames: ['method', 'route'], buckets: [0.001, 0.5, 2] };
const labels = { method: 'GET', route: '/api/"users"/:id' };
const others = { method: 'PUT', route: '/api' };
/** On the bounds, between them, under the first and over the last. */
const values = [0, 0.001, 0.0011, 0.5, 1, 2, 3, 0.25];

/** The registry of the one that is under test, and one of prom-client's own that was told the same. */
function createPair(): { own: Registry; reference: Registry } {
  const reference = new Registry();
  const histogram = new Histogram({ ...options, registers: [reference] });
  const own = new Registry();
  const series = [
    [labels, new BucketCounts(options.buckets)],
    [others, new BucketCounts(options.buckets)],
  ] as const;
  histogramOnScrape(own, options, () => series);
  for (const [of, counts] of series) {
    for (const value of values) {
      histogram.observe(of, value);
      counts.observe(value);
    }
  }
  return { own, reference };
}

describe('A histogram that is read when it is scraped', () => {
  let own: Registry;
  let reference: Registry;
  beforeEach(() => {
    ({ own, reference } = createPair());
  });

  it('reads as one of prom-client does', async () => {
    const lines = async (registry: Registry) => (await registry.metrics()).split('\n').map((line) => sortLabels(line));
    expect(await lines(own)).toEqual(await lines(reference));
  });

  it('has the same form for whoever adds up those of several processes', async () => {
    const add = async (registry: Registry): Promise<string[]> => {
      const figures = await registry.getMetricsAsJSON();
      const text = await AggregatorRegistry.aggregate([figures, figures]).metrics();
      return text.split('\n').map((line) => sortLabels(line));
    };
    expect(await add(own)).toEqual(await add(reference));
    expect(await add(own)).toContain('wait_seconds_count{method="PUT",route="/api"} 16');
  });

  it('has no series before there is any', async () => {
    const registry = new Registry();
    histogramOnScrape(registry, options, () => []);
    expect(await registry.metrics()).toBe('# HELP wait_seconds How long.\n# TYPE wait_seconds histogram\n');
  });
});

/** Labels have no order. */
function sortLabels(line: string): string {
  return line.replace(/\{(.*)\}/, (_all, list: string) => `{${list.split(',').toSorted().join(',')}}`);
}
