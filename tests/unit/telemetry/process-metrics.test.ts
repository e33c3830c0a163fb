import { execFile } from 'node:child_process';
import { PerformanceObserver } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMetrics, type Registry } from '../../../src/platform/telemetry/metrics.ts';
import { recordProcess } from '../../../src/platform/telemetry/process-metrics.ts';
import { repositoryRoot } from '../../helpers/child-process.ts';
import { eventually } from '../../helpers/eventually.ts';
import { fewFiles, runWithFewFiles } from '../../helpers/few-files.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';

const build = { service: 'test', version: '1.2.3', revision: 'abc' };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let registry: Registry;
let stop: () => void;
beforeEach(() => {
  registry = createMetrics(build);
  stop = recordProcess(registry);
});
afterEach(() => stop());

const read = async () => new ScrapedMetrics(await registry.metrics());
const major = async () => (await read()).sum('nodejs_gc_duration_seconds_count', { kind: 'major' });

describe('The metrics of the process', () => {
  it('say how much it uses, in the units of their names', async () => {
    const metrics = await read();
    const { rss, heapUsed, heapTotal } = process.memoryUsage();
    expect(metrics.sum('process_resident_memory_bytes') / rss).toBeCloseTo(1, 0);
    expect(metrics.sum('nodejs_heap_size_used_bytes') / heapUsed).toBeCloseTo(1, 0);
    expect(metrics.sum('nodejs_heap_space_size_total_bytes') / heapTotal).toBeCloseTo(1, 0);
    expect(metrics.sum('process_start_time_seconds')).toBeCloseTo(Date.now() / 1_000 - process.uptime(), -1);
    expect(metrics.sum('process_open_fds')).toBeGreaterThan(2);
    expect(metrics.sum('process_open_fds')).toBeLessThan(metrics.sum('process_max_fds'));

    const { user, system } = process.cpuUsage();
    const cpu = (await read()).sum('process_cpu_seconds_total');
    expect(cpu).toBeGreaterThanOrEqual((user + system) / 1e6);
    expect(cpu).toBeLessThan((user + system) / 1e6 + 1);
  });

  it('count every garbage collection, also those that are reported together', async () => {
    const before = await major();
    for (let collection = 0; collection < 5; collection++) collectGarbage();
    await eventually(async () => expect(await major()).toBe(before + 5));
  });

  it('show the lag of the event loop since the last scrape, without the time between samples', async () => {
    await eventually(async () => {
      const metrics = await read();
      const lag = (name: string) => metrics.sum(`nodejs_eventloop_lag_${name}_seconds`);
      expect(lag('max')).toBeGreaterThan(0);
      // An idle loop is sampled every ten milliseconds, which is no lag.
      expect(lag('p50')).toBeLessThan(0.008);
    });

    await eventually(async () => {
      const blockedUntil = performance.now() + 150;
      while (performance.now() < blockedUntil);
      const metrics = await read();
      expect(metrics.sum('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.1);
      expect(metrics.sum('nodejs_eventloop_lag_max_seconds')).toBeLessThan(0.5);
    });
    // What was, is over with the next scrape that has samples.
    await eventually(async () => expect((await read()).sum('nodejs_eventloop_lag_max_seconds')).toBeLessThan(0.1));
  });

  it('are measured no more when they are stopped', async () => {
    stop();
    const before = await major();
    // Told of the same collection, later than an observer before it.
    const told = Promise.withResolvers<void>();
    const observer = new PerformanceObserver(() => told.resolve());
    observer.observe({ entryTypes: ['gc'] });
    collectGarbage();
    await told.promise;
    observer.disconnect();
    expect(await major()).toBe(before);
  });

  it('are there when no file can be opened any more, and say so', async () => {
    const program = `
      import { openSync } from 'node:fs';
      import { createMetrics } from './src/platform/telemetry/metrics.ts';
      import { recordProcess } from './src/platform/telemetry/process-metrics.ts';
      const registry = createMetrics(${JSON.stringify(build)});
      recordProcess(registry);
      try {
        for (let opened = 0; opened < 1_000; opened++) openSync('/dev/null');
      } catch (error) {
        console.log('code ' + error.code);
      }
      console.log(await registry.metrics());`;
    const stdout = await runWithFewFiles(program);
    expect(stdout).toContain('code EMFILE');
    const metrics = new ScrapedMetrics(stdout.replace(/^code .*\n/, ''));
    expect(metrics.sum('process_max_fds')).toBe(fewFiles);
    expect(metrics.sum('process_open_fds')).toBe(fewFiles);
    expect(metrics.sum('nodejs_heap_size_used_bytes')).toBeGreaterThan(0);
    // It cannot be known now, and is not said to be nothing.
    expect(stdout).not.toMatch(/^process_resident_memory_bytes /m);
  });

  it('do not keep the process alive', async () => {
    const program = `
      import { createMetrics } from './src/platform/telemetry/metrics.ts';
      import { recordProcess } from './src/platform/telemetry/process-metrics.ts';
      recordProcess(createMetrics(${JSON.stringify(build)}));`;
    const command = ['--input-type=module', '--eval', program];
    await expect(
      promisify(execFile)(process.execPath, command, { cwd: repositoryRoot, timeout: 10_000 }),
    ).resolves.toMatchObject({ stderr: '' });
  });
});
