import type { Readiness } from './health/readiness.ts';
import type { HttpServer } from './http/server.ts';
import type { Lifecycle } from './lifecycle.ts';
import { type Deadline, startDeadline, TimeoutError, withTimeout } from './resilience/deadline.ts';
import type { Logger } from './telemetry/logger.ts';

export interface StopLimits {
  /** How long requests are taken as before, so that load balancers can look elsewhere. */
  readonly drainMs: number;
  /** How long the stop may take in all. */
  readonly graceMs: number;
}

export interface StopOptions extends Partial<StopLimits> {
  /** Others keep the port: load balancers need not look elsewhere, and only those have to leave who are connected. */
  readonly isReplaced?: boolean;
}

/** What is left of the grace when running requests are cut, for closing what they used. */
const closingMsMax = 1_000;

/**
 * The stop of a service whose clients lose nothing by it: not ready, serving on until load balancers have seen that,
 * no new connections, the end of what runs, and then all that it used.
 */
export class ServiceStop {
  readonly #lifecycle: Lifecycle;
  readonly #readiness: Readiness;
  readonly #logger: Logger;
  readonly #limits: StopLimits;
  #stopping: Promise<void> | undefined;
  #plan: StopPlan | undefined;
  #drained = false;

  constructor(options: {
    readonly lifecycle: Lifecycle;
    readonly readiness: Readiness;
    readonly logger: Logger;
    readonly limits: StopLimits;
  }) {
    this.#lifecycle = options.lifecycle;
    this.#readiness = options.readiness;
    this.#logger = options.logger;
    this.#limits = options.limits;
  }

  /** Whether the drain is over: a request that still comes is to be refused. */
  get drained(): boolean {
    return this.#drained;
  }

  /**
   * Stops the service. Called again, it waits for the stop that is under way.
   *
   * @param reason for the log, such as the name of a signal
   * @throws Error when the grace is over before everything has been closed; the process is to be ended then
   */
  async run(reason: string, { isReplaced = false, ...limits }: StopOptions = {}): Promise<void> {
    await (this.#stopping ??= this.#stop(reason, isReplaced, { ...this.#limits, ...limits }));
  }

  /** How long the stop may still take; the whole grace before it has begun. */
  get remainingMs(): number {
    return this.#plan?.end.remainingMs() ?? this.#limits.graceMs;
  }

  /** Drains a server and stops it; to be the first step of the lifecycle's stop. */
  async closeServer(server: HttpServer): Promise<void> {
    if (this.#plan === undefined) throw new Error('The server is closed by a stop.');
    const { reason, isReplaced, drainMs, requestsEnd } = this.#plan;
    this.#logger.info({ reason, drainMs }, 'Draining');
    const waitMs = Math.min(drainMs, requestsEnd.remainingMs());
    if (isReplaced) {
      await server.leave(waitMs);
    } else {
      server.drain();
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    this.#drained = true;
    const cut = await server.stop(requestsEnd.remainingMs());
    if (cut > 0) this.#logger.warn({ requests: cut }, 'Requests were cut at the end of the grace');
  }

  async #stop(reason: string, isReplaced: boolean, { drainMs, graceMs }: StopLimits): Promise<void> {
    const startedAt = performance.now();
    const requestsEnd = startDeadline(graceMs - Math.min(closingMsMax, graceMs / 4));
    this.#plan = { reason, isReplaced, drainMs, requestsEnd, end: startDeadline(graceMs) };
    if (!isReplaced) this.#readiness.beginShutdown();
    try {
      await withTimeout(graceMs, () => this.#lifecycle.stop());
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      throw new Error(`Not everything was closed within the grace of ${graceMs} ms.`, { cause: error });
    }
    this.#logger.info({ reason, durationMs: Math.round(performance.now() - startedAt) }, 'Stopped');
  }
}

interface StopPlan {
  readonly reason: string;
  readonly isReplaced: boolean;
  readonly drainMs: number;
  /** When requests that still run are cut. */
  readonly requestsEnd: Deadline;
  readonly end: Deadline;
}
