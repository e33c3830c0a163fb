import { Connection, type Received } from './connection.ts';
import { Latencies } from '../../src/traffic/latencies.ts';
import type { LoadOrder, LoadReport, Sample } from './load-order.ts';
import { requestsOf, textsOf } from './requests.ts';

/** A process that runs the rounds that it is sent, one after the other. */
process.on('message', (order: LoadOrder) => {
  new Round(order).run().then(
    (report) => process.send?.({ report }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : 'The load has failed.' }),
  );
});
process.once('disconnect', () => process.exit());

const patienceMsDefault = 60_000;

/** One round of load: every connection sends, waits for the answer, and sends again. */
class Round {
  readonly #order: LoadOrder;
  readonly #nextText: () => string;
  readonly #latencies = new Latencies();
  readonly #unexpected: Record<string, number> = {};
  #sample: Sample | null = null;

  constructor(order: LoadOrder) {
    this.#order = order;
    this.#nextText = textsOf(order.plan.numbers);
  }

  /** @throws Error when a connection ends, an answer cannot be read, or the last ones do not come in time */
  async run(): Promise<LoadReport> {
    const cpuBefore = process.cpuUsage();
    const beganAt = performance.now();
    const { connections, durationMs, patienceMs = patienceMsDefault } = this.#order;
    const endsAt = beganAt + durationMs;
    const overdue = AbortSignal.timeout(durationMs + patienceMs);
    await Promise.all(Array.from({ length: connections }, () => this.#runConnection(endsAt, overdue)));
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      requests: this.#latencies.count,
      unexpected: this.#unexpected,
      seconds: (performance.now() - beganAt) / 1_000,
      cpuSeconds: (user + system) / 1_000_000,
      p50Ms: this.#latencies.quantileMs(0.5),
      p99Ms: this.#latencies.quantileMs(0.99),
      sample: this.#sample,
    };
  }

  async #runConnection(endsAt: number, overdue: AbortSignal): Promise<void> {
    const { port, plan } = this.#order;
    const nextRequest = requestsOf(plan, this.#nextText);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let sentAt = performance.now();
    const connection = new Connection(
      port,
      (received) => {
        const now = performance.now();
        this.#take(received, now - sentAt);
        if (now >= endsAt) {
          this.#keep(received);
          resolve();
          return;
        }
        sentAt = now;
        connection.send(nextRequest());
      },
      reject,
    );
    const onOverdue = (): void => reject(new Error(`The server at port ${port} stands still.`));
    overdue.addEventListener('abort', onOverdue);
    connection.send(nextRequest());
    try {
      await promise;
    } finally {
      overdue.removeEventListener('abort', onOverdue);
      connection.close();
    }
  }

  #take({ status }: Received, durationMs: number): void {
    if (status === this.#order.expectedStatus) this.#latencies.record(durationMs);
    else this.#unexpected[status] = (this.#unexpected[status] ?? 0) + 1;
  }

  /** What is looked at as a whole is the last answer, since the first may have found a cache empty. */
  #keep({ status, headers, answer }: Received): void {
    if (status !== this.#order.expectedStatus) return;
    this.#sample = { headers, body: answer.toString('utf8', answer.indexOf('\r\n\r\n') + 4) };
  }
}
