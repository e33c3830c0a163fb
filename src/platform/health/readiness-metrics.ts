import { Gauge, type Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

/**
 * Shows what was found out when somebody last asked, and asks, without waiting for it: a scrape must be answered while
 * a check hangs. So where nobody probes, a scrape shows what the one before has asked for.
 */
export function recordReadiness(readiness: Pick<Readiness, 'report' | 'latest'>, registry: Registry): void {
  registry.registerMetric(
    new Gauge({
      name: 'service_ready',
      help: '1 while the instance can take requests, else 0, as when it was last asked.',
      registers: [],
      collect() {
        this.set(readiness.latest().ready ? 1 : 0);
        void readiness.report();
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'readiness_check_up',
      help: '1 for a readiness check that is up, else 0, as when it was last made.',
      labelNames: ['check'],
      registers: [],
      collect() {
        for (const [check, { status }] of Object.entries(readiness.latest().checks)) {
          this.set({ check }, status === 'up' ? 1 : 0);
        }
      },
    }),
  );
}
