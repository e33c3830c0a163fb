import cluster from 'node:cluster';
import type { Env } from '../config/env.ts';
import type { ProcessHost } from '../process.ts';
import { withTimeout } from '../resilience/deadline.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { Registry } from '../telemetry/metrics.ts';
import { readFigures, readOrder, type Report, successorVariable } from './messages.ts';

/** Longer than the supervisor waits for workers that do not answer. */
const scrapeMsMax = 2_000;
const lastFiguresMsMax = 500;

/** What a worker has to do with the process that supervises it. */
export interface SupervisorLink {
  /** The number of this worker; none that comes later has the same. */
  readonly worker: number;
  /** Whether another one serves until this worker is ready: so long it is to take no connections. */
  readonly isSuccessor: boolean;
  /** Whether this worker ends while others keep the port, so that the instance as a whole goes on. */
  readonly isReplaced: boolean;
  /** Says that this worker can do its work. */
  reportReady(): void;
  /** From now on the figures of this worker are told to the supervisor whenever it asks. */
  shareFigures(registry: Registry): void;
  /** Tells them for the last time, before the end. */
  tellLastFigures(): Promise<void>;
  /**
   * The figures of all workers, in Prometheus's text format. Those who ask at the same time get the same.
   *
   * @throws Error when the supervisor does not answer
   */
  scrape(): Promise<string>;
}

/** What a worker of `node:cluster` has of the channel to its supervisor. */
export interface SupervisorChannel {
  readonly id: number;
  exitedAfterDisconnect: boolean;
  isConnected(): boolean;
  on(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
  /** Calls `done` when it has been handed over, or cannot be. */
  send(report: Report, done: () => void): unknown;
}

/**
 * Takes orders from the supervisor: ends this process when it is told to, and when the supervisor is gone.
 *
 * @returns null when nobody supervises this process
 */
export function linkToSupervisor(
  host: Pick<ProcessHost, 'stop'>,
  env: Env,
  channel: SupervisorChannel | undefined = cluster.worker,
): SupervisorLink | null {
  return channel === undefined ? null : new ClusterLink(channel, host, env[successorVariable] === 'true');
}

class ClusterLink implements SupervisorLink {
  readonly worker: number;
  readonly isSuccessor: boolean;
  readonly #channel: SupervisorChannel;
  readonly #host: Pick<ProcessHost, 'stop'>;
  /** One question at a time: each answer is the text of all workers, and those that wait pile up in the channel. */
  readonly #scraping = new SingleFlight<string>();
  readonly #scrapes = new Map<number, PromiseWithResolvers<string>>();
  #scrapeCount = 0;
  #isReplaced = false;
  #registry: Registry | undefined;

  constructor(channel: SupervisorChannel, host: Pick<ProcessHost, 'stop'>, isSuccessor: boolean) {
    this.worker = channel.id;
    this.isSuccessor = isSuccessor;
    this.#channel = channel;
    this.#host = host;
    channel.on('message', (message: unknown) => this.#take(message));
    channel.on('disconnect', () => this.#endAlone());
    // A terminal sends it to all processes; what it means is the supervisor's to say.
    process.on('SIGHUP', () => {});
  }

  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  reportReady(): void {
    void this.#send({ type: 'ready' });
  }

  shareFigures(registry: Registry): void {
    this.#registry = registry;
  }

  async tellLastFigures(): Promise<void> {
    // Whoever does not take them in time goes without.
    await withTimeout(lastFiguresMsMax, async () => await this.#tellFigures()).catch(() => {});
  }

  async scrape(): Promise<string> {
    return await this.#scraping.run('', async () => await this.#askForFigures());
  }

  async #askForFigures(): Promise<string> {
    this.#scrapeCount += 1;
    const scrape = this.#scrapeCount;
    const answer = Promise.withResolvers<string>();
    this.#scrapes.set(scrape, answer);
    try {
      return await withTimeout(scrapeMsMax, async () => {
        void this.#send({ type: 'scrape', scrape });
        return await answer.promise;
      });
    } finally {
      this.#scrapes.delete(scrape);
    }
  }

  #take(message: unknown): void {
    const order = readOrder(message);
    switch (order?.type) {
      case 'stop':
        this.#isReplaced = order.isReplaced;
        return this.#host.stop(order.reason);
      case 'tell-metrics':
        // Whoever scrapes sees that they are missing.
        return void this.#tellFigures().catch(() => {});
      case 'scraped': {
        const answer = this.#scrapes.get(order.scrape);
        if (order.text !== null) answer?.resolve(order.text);
        else answer?.reject(new Error('The supervisor could not put the figures together.'));
        return undefined;
      }
      case undefined:
        return undefined;
      default:
        return order satisfies never;
    }
  }

  #endAlone(): void {
    // Or `node:cluster` would end the process here and now.
    this.#channel.exitedAfterDisconnect = true;
    // Nobody can connect any more, and nobody is to be told to look elsewhere.
    this.#isReplaced = true;
    this.#host.stop('supervisor gone');
  }

  async #tellFigures(): Promise<void> {
    if (this.#registry === undefined) return;
    await this.#send({ type: 'metrics', metrics: readFigures(await this.#registry.getMetricsAsJSON()) });
  }

  /** Resolves when it has been handed over. To a supervisor that is gone nothing can be said, and need not. */
  async #send(report: Report): Promise<void> {
    if (!this.#channel.isConnected()) return;
    await new Promise<void>((resolve) => void this.#channel.send(report, () => resolve()));
  }
}
