import type { Clock } from '../clock.ts';
import { TimeoutError, withTimeout } from '../resilience/deadline.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { ReadinessEvent } from './readiness-events.ts';

/** One thing that requests need. */
export interface ReadinessCheck {
  readonly name: string;
  /** Returns when all is well. @throws Error with a reason that may be shown to anybody */
  check(): Promise<void> | void;
  /** Asked when the check has not ended in time: whether it is known otherwise that all is well. */
  isUpNevertheless?(): boolean;
}

export interface CheckState {
  readonly status: 'up' | 'down';
  /** How long the check took when it was last made. */
  readonly latencyMs: number;
  /** When the status last changed, or was first found out. */
  readonly since: Date;
  /** Why it is down. */
  readonly detail?: string;
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckState>>;
}

/** The check that the service makes of itself: whether it is about to stop. */
export const shutdownCheck = 'shutdown';

/** However many ask, each check is made once in this time. */
const freshMs = 1_000;
/** A check that takes longer is down, unless it knows better. Whoever probes waits little longer than that, too. */
const checkTimeoutMs = 1_000;

/**
 * Knows whether this instance can take requests.
 *
 * It finds out when it is asked, and not by itself: an instance that nobody probes asks nobody.
 */
export class Readiness {
  readonly #checks: readonly ReadinessCheck[];
  readonly #clock: Clock;
  readonly #events: EventStream<ReadinessEvent>;
  readonly #states = new Map<string, CheckState>();
  readonly #rounds = new SingleFlight<void>();
  /** Those that have not answered in time go on, and are waited for instead of made again. */
  readonly #running = new SingleFlight<void>();
  readonly #madeAt: Date;
  #shutdownSince: Date | undefined;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #toldReady = false;

  constructor(options: {
    readonly checks: readonly ReadinessCheck[];
    readonly clock: Clock;
    readonly events: EventStream<ReadinessEvent>;
  }) {
    this.#checks = options.checks;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#madeAt = options.clock.now();
  }

  /** Makes the checks, unless that was done within the last second. Never rejects, and ends within about a second. */
  async report(): Promise<ReadinessReport> {
    // What a service that stops needs is closed one by one, and nobody is to be sent to it whatever the checks say.
    if (this.#shutdownSince === undefined && performance.now() >= this.#freshUntil) {
      await this.#rounds.run('', () => this.#makeChecks());
    }
    return this.latest();
  }

  /** Makes the checks anew when something is known to have changed. */
  async refresh(): Promise<void> {
    await this.#rounds.settled();
    this.#freshUntil = Number.NEGATIVE_INFINITY;
    await this.report();
  }

  /** What is known without asking. */
  latest(): ReadinessReport {
    const unasked: CheckState = {
      status: 'down',
      latencyMs: 0,
      since: this.#madeAt,
      detail: 'It has not been asked yet.',
    };
    const shutdown: CheckState =
      this.#shutdownSince === undefined
        ? { status: 'up', latencyMs: 0, since: this.#madeAt }
        : { status: 'down', latencyMs: 0, since: this.#shutdownSince, detail: 'The service is about to stop.' };
    const states = this.#checks.map(({ name }) => [name, this.#states.get(name) ?? unasked] as const);
    const checks = Object.fromEntries([...states, [shutdownCheck, shutdown] as const]);
    return { ready: Object.values(checks).every(({ status }) => status === 'up'), checks };
  }

  /** From now on the instance is not ready. */
  beginShutdown(): void {
    this.#shutdownSince ??= this.#clock.now();
    this.#tellReadiness();
  }

  async #makeChecks(): Promise<void> {
    const findings = await Promise.all(this.#checks.map((check) => this.#make(check)));
    this.#freshUntil = performance.now() + freshMs;
    // A check that met what was being closed says nothing.
    if (this.#shutdownSince !== undefined) return;
    for (const finding of findings) this.#note(finding);
    this.#tellReadiness();
  }

  async #make(check: ReadinessCheck): Promise<Finding> {
    const { name } = check;
    const startedAt = performance.now();
    const ended = () => ({
      name,
      latencyMs: Math.round(performance.now() - startedAt),
      endedAt: this.#clock.now(),
    });
    try {
      await withTimeout(checkTimeoutMs, () => this.#running.run(name, async () => await check.check()));
      return { ...ended(), status: 'up' };
    } catch (error) {
      if (error instanceof TimeoutError && check.isUpNevertheless?.() === true) return { ...ended(), status: 'up' };
      return { ...ended(), status: 'down', reason: error instanceof Error ? error.message : 'failed', error };
    }
  }

  #note(finding: Finding): void {
    const { name, status, latencyMs, endedAt } = finding;
    const before = this.#states.get(name);
    this.#states.set(name, {
      status,
      latencyMs,
      since: before?.status === status ? before.since : endedAt,
      ...(status === 'up' ? {} : { detail: finding.reason }),
    });
    // That all is well when it is first looked at is no news.
    if ((before?.status ?? 'up') === status) return;
    if (status === 'up') this.#events.emit({ type: 'check-changed', check: name, status });
    else {
      const { reason, error } = finding;
      const wasUp = before !== undefined;
      this.#events.emit({ type: 'check-changed', check: name, status, wasUp, reason, error });
    }
  }

  #tellReadiness(): void {
    const { ready, checks } = this.latest();
    if (ready === this.#toldReady) return;
    this.#toldReady = ready;
    const failing = Object.keys(checks).filter((name) => checks[name]?.status === 'down');
    this.#events.emit({ type: 'readiness-changed', ready, failing });
  }
}

type Finding = { readonly name: string; readonly latencyMs: number; readonly endedAt: Date } & (
  | { readonly status: 'up' }
  | { readonly status: 'down'; readonly reason: string; readonly error: unknown }
);
