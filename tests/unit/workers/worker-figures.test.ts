import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MetricFigures } from '../../../src/platform/workers/messages.ts';
import { WorkerFigures } from '../../../src/platform/workers/worker-figures.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';
import { ScriptedWorker } from './scripted-worker.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const counter = (value: number): MetricFigures => {
  return {
    name: 'done_total',
    help: 'd',
    type: 'counter',
    aggregator: 'sum',
    values: [{ labels: { of: 'a' }, value }],
  };
};
const gauge = (value: number, aggregator = 'sum'): MetricFigures => {
  return { name: `open_${aggregator}`, help: 'o', type: 'gauge', aggregator, values: [{ labels: {}, value }] };
};

/** Workers that have told these figures, and what a scrape shows of all. */
function createScene(count = 2) {
  const workers = Array.from({ length: count }, (_, index) => new ScriptedWorker(index + 1));
  const listening = new Set(workers);
  const hooks = { beforeOwn: async (): Promise<void> => {} };
  let reported = -1;
  const figures = new WorkerFigures(
    () => listening,
    async (reporting) => {
      reported = reporting;
      await hooks.beforeOwn();
      return [];
    },
  );
  for (const worker of workers) figures.follow(worker);
  const scrape = async (...told: (readonly MetricFigures[] | null)[]): Promise<ScrapedMetrics> => {
    const text = figures.scrape();
    await jest.advanceTimersByTimeAsync(0);
    for (const [index, metrics] of told.entries()) {
      if (metrics !== null) workers[index]?.report({ type: 'metrics', metrics });
    }
    await jest.advanceTimersByTimeAsync(1_000);
    return new ScrapedMetrics(await text);
  };
  const end = async (worker: ScriptedWorker | undefined): Promise<void> => {
    if (worker !== undefined) listening.delete(worker);
    worker?.exit({ signal: 'SIGKILL' });
    await jest.advanceTimersByTimeAsync(0);
  };
  return { workers, figures, hooks, scrape, end, reported: () => reported };
}

describe('The figures of all workers', () => {
  it('are summed, or put together as the metric says', async () => {
    const { scrape, reported } = createScene();
    const metrics = await scrape([counter(3), gauge(5), gauge(5, 'max')], [counter(4), gauge(6), gauge(6, 'max')]);
    expect([metrics.sum('done_total'), metrics.sum('open_sum'), metrics.sum('open_max')]).toEqual([7, 11, 6]);
    expect(reported()).toBe(2);
  });

  it('hold what a worker has counted that is no more, without its gauges', async () => {
    const { workers, scrape, end, reported } = createScene();
    await scrape([counter(3), gauge(5)], [counter(4), gauge(6)]);
    await end(workers[0]);
    const metrics = await scrape(null, [counter(5), gauge(6)]);
    expect([metrics.sum('done_total'), metrics.sum('open_sum')]).toEqual([8, 6]);
    expect(reported()).toBe(1);
  });

  it('hold what a worker says last', async () => {
    const { workers, scrape, end } = createScene();
    await scrape([counter(3)], [counter(4)]);
    workers[0]?.report({ type: 'metrics', metrics: [counter(30)] });
    await end(workers[0]);
    expect((await scrape(null, [counter(4)])).sum('done_total')).toBe(34);
  });

  it('do not fall when one does not answer, which is waited for for a second', async () => {
    const { scrape, reported, workers } = createScene();
    await scrape([counter(3), gauge(5)], [counter(4), gauge(6)]);
    const metrics = await scrape(null, [counter(5), gauge(7)]);
    expect([metrics.sum('done_total'), metrics.sum('open_sum')]).toEqual([8, 7]);
    expect(reported()).toBe(1);
    // It is not asked again before it has answered.
    await scrape(null, [counter(5), gauge(7)]);
    expect(workers[0]?.orders).toHaveLength(2);
  });

  it('are asked of a worker anew when it has not answered for ten seconds', async () => {
    const { scrape, reported, workers } = createScene(1);
    await scrape(null);
    await jest.advanceTimersByTimeAsync(10_000);
    const asked = scrape();
    await jest.advanceTimersByTimeAsync(0);
    expect(workers[0]?.orders).toHaveLength(2);
    workers[0]?.report({ type: 'metrics', metrics: [counter(3), gauge(5)] });
    expect((await asked).sum('open_sum')).toBe(5);
    expect(reported()).toBe(1);
  });

  it('hold what a worker has counted once, also when it ends while they are put together', async () => {
    const { workers, hooks, scrape, end } = createScene();
    hooks.beforeOwn = async () => await end(workers[0]);
    expect((await scrape([counter(3)], [counter(4)])).sum('done_total')).toBe(7);
  });

  it('go to the worker that asks for them', async () => {
    const { workers } = createScene(1);
    workers[0]?.report({ type: 'scrape', scrape: 7 });
    await jest.advanceTimersByTimeAsync(0);
    workers[0]?.report({ type: 'metrics', metrics: [counter(3)] });
    await jest.advanceTimersByTimeAsync(0);
    expect(workers[0]?.orders.at(-1)).toEqual({
      type: 'scraped',
      scrape: 7,
      text: expect.stringContaining('done_total{of="a"} 3'),
    });
  });
});
