import { AggregatorRegistry } from 'prom-client';
import { TimeoutError, withTimeout } from '../resilience/deadline.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import { CumulativeFigures, cumulativeOf } from './cumulative-figures.ts';
import type { MetricFigures } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** So long those who scrape wait for workers that do not answer. */
const answerMsMax = 1_000;
/** One that has not answered for so long is asked anew: it may have failed to, and would be left out for ever. */
const questionMsMax = 10_000;

interface Question {
  readonly askedAt: number;
  readonly answered: PromiseWithResolvers<void>;
}

/**
 * Puts the figures of all workers together.
 *
 * Sums never fall, or Prometheus would take them for begun anew: what a worker has counted stays when it has ended, and
 * of one that does not answer it is what it told last. Its gauges are left out.
 */
export class WorkerFigures {
  readonly #listening: () => Iterable<WorkerProcess>;
  readonly #own: (reporting: number) => Promise<readonly MetricFigures[]>;
  readonly #latest = new Map<WorkerProcess, readonly MetricFigures[]>();
  /** One question to each worker at a time, so that they do not gather before one that hangs. */
  readonly #questions = new Map<WorkerProcess, Question>();
  readonly #ended = new CumulativeFigures();
  readonly #scrapes = new SingleFlight<string>();

  /**
   * @param listening the workers that can be asked
   * @param own the figures of the supervisor, given how many workers have answered
   */
  constructor(listening: () => Iterable<WorkerProcess>, own: (reporting: number) => Promise<readonly MetricFigures[]>) {
    this.#listening = listening;
    this.#own = own;
  }

  /** Listens to a worker until it has ended. */
  follow(worker: WorkerProcess): void {
    worker.onReport((report) => {
      if (report.type === 'metrics') this.#note(worker, report.metrics);
      if (report.type === 'scrape') void this.#answer(worker, report.scrape);
    });
    void this.#keepFigures(worker);
  }

  /** The figures of all, in Prometheus's text format. Those who ask at the same time get the same. */
  async scrape(): Promise<string> {
    return await this.#scrapes.run('', () => this.#collect());
  }

  async #keepFigures(worker: WorkerProcess): Promise<void> {
    await worker.exited;
    this.#ended.add(this.#latest.get(worker) ?? []);
    this.#latest.delete(worker);
    this.#settle(worker);
  }

  async #answer(worker: WorkerProcess, scrape: number): Promise<void> {
    // A scrape that fails is the worker's to tell, which has been asked for it.
    const text = await this.scrape().catch(() => null);
    worker.send({ type: 'scraped', scrape, text });
  }

  async #collect(): Promise<string> {
    const asked = [...this.#listening()];
    try {
      await withTimeout(answerMsMax, async () => await Promise.all(asked.map((worker) => this.#ask(worker))));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    const isReporting = (worker: WorkerProcess): boolean => asked.includes(worker) && !this.#questions.has(worker);
    const told = [...this.#latest];
    // At the same moment: a worker that ends from here on would be in both.
    const ended = this.#ended.metrics;
    const figures = told.map(([worker, metrics]) => (isReporting(worker) ? metrics : cumulativeOf(metrics)));
    const own = await this.#own(told.filter(([worker]) => isReporting(worker)).length);
    return await AggregatorRegistry.aggregate([own, ...figures, ended]).metrics();
  }

  async #ask(worker: WorkerProcess): Promise<void> {
    let question = this.#questions.get(worker);
    if (question === undefined || performance.now() - question.askedAt >= questionMsMax) {
      question = { askedAt: performance.now(), answered: Promise.withResolvers<void>() };
      this.#questions.set(worker, question);
      worker.send({ type: 'tell-metrics' });
    }
    await question.answered.promise;
  }

  #note(worker: WorkerProcess, metrics: readonly MetricFigures[]): void {
    this.#latest.set(worker, metrics);
    this.#settle(worker);
  }

  #settle(worker: WorkerProcess): void {
    this.#questions.get(worker)?.answered.resolve();
    this.#questions.delete(worker);
  }
}
