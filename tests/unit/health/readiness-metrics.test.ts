import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { recordReadiness } from '../../../src/platform/health/readiness-metrics.ts';
import { eventually } from '../../helpers/eventually.ts';
import { createReadiness, ScriptedCheck } from './readiness-fixture.ts';

describe('The gauges of readiness', () => {
  it('are zero before the first check, and a scrape has the checks made for the next', async () => {
    const check = new ScriptedCheck('database');
    const { readiness } = createReadiness(check);
    const registry = new Registry();
    recordReadiness(readiness, registry);

    const first = await registry.metrics();
    expect(first).toContain('\nservice_ready 0\n');
    expect(first).toContain('\nreadiness_check_up{check="database"} 0\n');
    await eventually(async () => {
      const next = await registry.metrics();
      expect(next).toContain('\nservice_ready 1\n');
      expect(next).toContain('\nreadiness_check_up{check="database"} 1\n');
    });
    expect(check.asked).toBe(1);
  });

  it('do not wait for a check that hangs', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { readiness } = createReadiness({ name: 'database', check: () => promise });
    const registry = new Registry();
    recordReadiness(readiness, registry);
    const startedAt = performance.now();
    expect(await registry.metrics()).toContain('\nreadiness_check_up{check="database"} 0\n');
    expect(performance.now() - startedAt).toBeLessThan(500);
    resolve();
    await readiness.report();
  });
});
