import type { Request, Response } from 'express';
import { DomainError } from '../../platform/domain-error.ts';
import type { ServerSentEvents } from '../../platform/http/server-sent-events.ts';
import { bodyOf } from '../../platform/http/json-body.ts';
import { requestIdOf } from '../../platform/http/request-context.ts';
import { sendJson } from '../../platform/http/responses.ts';
import { validateBody, validateQuery } from '../../platform/http/validate.ts';
import type { ControlLog } from './control-log.ts';
import { controlBreakerSchema, snapshotQuerySchema, streamQuerySchema } from './ops-schemas.ts';
import type { ProviderControl } from './provider-control.ts';
import { providerChangesSchema } from './provider-state.ts';
import type { BreakerControl, ResilienceMonitor } from './resilience-monitor.ts';
import type { BreakerName } from './resilience-snapshot.ts';

const breakerNames: readonly BreakerName[] = ['database', 'cache', 'enrichment'];

/** What operators see and do. */
export class OpsController {
  readonly #monitor: ResilienceMonitor;
  readonly #stream: ServerSentEvents;
  readonly #breakers: BreakerControl;
  readonly #provider: ProviderControl;
  readonly #log: ControlLog;

  constructor(parts: {
    readonly monitor: ResilienceMonitor;
    readonly stream: ServerSentEvents;
    readonly breakers: BreakerControl;
    readonly provider: ProviderControl;
    readonly log: ControlLog;
  }) {
    this.#monitor = parts.monitor;
    this.#stream = parts.stream;
    this.#breakers = parts.breakers;
    this.#provider = parts.provider;
    this.#log = parts.log;
  }

  snapshot(req: Request, res: Response): void {
    const { since } = validateQuery(snapshotQuerySchema, req.url);
    sendNow(res, this.#monitor.snapshot(since));
  }

  stream(req: Request, res: Response): void {
    validateQuery(streamQuerySchema, req.url);
    this.#stream.open(res, lastEventIdOf(req));
  }

  controlBreaker(req: Request, res: Response): void {
    const control = validateBody(controlBreakerSchema, bodyOf(req));
    const name = breakerNames.find((each) => each === req.params['name']);
    const breaker = name === undefined ? null : this.#breakers.control(name, control.action, control.by);
    if (name === undefined || breaker === null) throw new DomainError('route-not-found', 'There is no such breaker.');
    this.#log.breaker(requestIdOf(res), name, control);
    sendNow(res, breaker);
  }

  async readProvider(_req: Request, res: Response): Promise<void> {
    sendNow(res, await this.#provider.read());
  }

  async changeProvider(req: Request, res: Response): Promise<void> {
    const changes = validateBody(providerChangesSchema, bodyOf(req));
    const state = await this.#provider.change(changes);
    this.#log.provider(requestIdOf(res), state.mode);
    sendNow(res, state);
  }
}

/** Answers with what is true now. */
function sendNow(res: Response, value: unknown): void {
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, value);
}

/** An id that is none of ours leads to the beginning: it is another server's. */
function lastEventIdOf(req: Request): number | undefined {
  const text = req.get('last-event-id') ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
