import type { Registry } from 'prom-client';
import { gaugeOnScrape } from '../telemetry/metrics.ts';
import type { Readiness } from './readiness.ts';

/**
 * Shows what was found out when somebody last asked, and asks, without waiting for it: a scrape must be answered while
 * a check hangs. So where nobody probes, a scrape shows what the one before has asked for.
 */
export function recordReadiness(readiness: Pick<Readiness, 'report' | 'latest'>, registry: Registry): void {
  const ready = {
    name: 'service_ready',
    help: '1 while the instance can take requests, else 0, as when it was last asked.',
    aggregator: 'min',
  } as const;
  gaugeOnScrape(registry, ready, (gauge) => {
    gauge.set(readiness.latest().ready ? 1 : 0);
    void readiness.report();
  });
  const checkUp = {
    name: 'readiness_check_up',
    help: '1 for a readiness check that is up, else 0, as when it was last made.',
    labelNames: ['check'],
    aggregator: 'min',
  } as const;
  gaugeOnScrape(registry, checkUp, (gauge) => {
    for (const [check, { status }] of Object.entries(readiness.latest().checks)) {
      gauge.set({ check }, status === 'up' ? 1 : 0);
    }
  });
}
