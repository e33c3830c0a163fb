import type { Registry } from 'prom-client';
import { gaugeOnScrape } from '../../platform/telemetry/metrics.ts';
import type { ReadModelState } from './read-model-state.ts';

export function recordReadModel(state: Pick<ReadModelState, 'isReady'>, registry: Registry): void {
  gaugeOnScrape(
    registry,
    {
      name: 'read_model_ready',
      help: '1 when queries go to the read model; 0 while they read users, and readings are not cached.',
      aggregator: 'min',
    },
    (gauge) => gauge.set(state.isReady ? 1 : 0),
  );
}
