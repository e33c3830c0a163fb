import type { Logger } from '../../platform/telemetry/logger.ts';
import { ControlLog } from './control-log.ts';
import { createResilienceMonitor, type ResilienceMonitorOptions } from './create-resilience-monitor.ts';
import { dashboardRoutes } from './dashboard-routes.ts';
import { OpsController } from './ops-controller.ts';
import { type OpsAccess, opsRoutes } from './ops-routes.ts';
import { ProviderControl } from './provider-control.ts';
import type { Identity } from './resilience-monitor.ts';
import { createResilienceStream } from './resilience-stream.ts';

type Watched = Omit<ResilienceMonitorOptions, 'identity' | 'now'>;

/** The dashboard, and what it asks and does. `end` ends its streams, which would hold up a stop. */
export function createOps(
  config: OpsAccess & { readonly enrichment: { readonly url: string } },
  parts: Watched & { readonly process: Omit<Identity, 'controls'>; readonly logger: Pick<Logger, 'info'> },
) {
  const { process, logger, ...watched } = parts;
  const { opsControls } = config;
  // A request from the page would reach any of several workers, while it goes on showing this one.
  const controls = { breakers: opsControls && process.worker === null, provider: opsControls };
  const monitor = createResilienceMonitor({ identity: { ...process, controls }, ...watched });
  const stream = createResilienceStream(monitor);
  const provider = new ProviderControl(config.enrichment.url);
  const controller = new OpsController({ monitor, stream, breakers: monitor, provider, log: new ControlLog(logger) });
  return { routers: [dashboardRoutes(), opsRoutes(controller, config)], end: () => stream.end() };
}
