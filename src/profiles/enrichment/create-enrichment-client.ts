import type { Lifecycle } from '../../platform/lifecycle.ts';
import type { OperatedBreaker } from '../../platform/resilience/operated-breaker.ts';
import type { Telemetry } from '../../platform/telemetry/create-telemetry.ts';
import type { EventSource } from '../../platform/telemetry/event-stream.ts';
import type { EnrichmentConfig } from './enrichment-config.ts';
import type { EnrichmentEvent } from './enrichment-events.ts';
import { logEnrichment } from './enrichment-log.ts';
import { recordEnrichment } from './enrichment-metrics.ts';
import { createHttpEnrichmentClient, type HttpEnrichmentClient } from './http-enrichment-client.ts';

/** The provider over HTTP, and what happens with it. */
export interface ServiceEnrichment {
  readonly client: HttpEnrichmentClient;
  readonly events: EventSource<EnrichmentEvent>;
  readonly breaker: OperatedBreaker;
}

/** The provider over HTTP, and all of it told. */
export function createEnrichmentClient(
  config: EnrichmentConfig,
  { telemetry, lifecycle }: { readonly telemetry: Telemetry; readonly lifecycle: Lifecycle },
): ServiceEnrichment {
  const events = telemetry.stream<EnrichmentEvent>();
  logEnrichment(events, telemetry.logger);
  recordEnrichment(events, telemetry.metrics, telemetry.dependencies);
  const client = createHttpEnrichmentClient(config, { events, tracing: telemetry.tracing });
  lifecycle.onStop('enrichment client', () => client.close());
  return { client, events, breaker: client.breaker };
}
