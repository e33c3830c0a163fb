import type { HttpOutcome } from './http-exchange.ts';
import { Latencies } from './latencies.ts';
import type { RequestKind } from './request-mix.ts';

/** What became of the requests of some time. */
export class OutcomeCounts {
  readonly latencies = new Latencies();
  /** Answers by status; without an answer, by why. */
  readonly #results = new Map<string, number>();
  #enriched = 0;
  #unavailable = 0;
  #failed = 0;
  #unanswered = 0;
  unsent = 0;

  /** Conflicts of versions (412), 404 and 304 are right answers; a 429 or 5xx, or none at all, is an error. */
  record(kind: RequestKind, outcome: HttpOutcome): void {
    this.latencies.record(outcome.durationMs);
    const result = outcome.kind === 'answered' ? `${outcome.status}` : outcome.reason;
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1);
    if (outcome.kind === 'unanswered') this.#unanswered += 1;
    if (outcome.kind === 'unanswered' || outcome.status === 429 || outcome.status >= 500) this.#failed += 1;
    if (kind !== 'read-enriched' || outcome.kind === 'unanswered' || outcome.status !== 200) return;
    this.#enriched += 1;
    if (outcome.json?.['enrichedDataStatus'] === 'unavailable') this.#unavailable += 1;
  }

  get requests(): number {
    return this.latencies.count;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Whether there were requests and none of them was answered. */
  get isAway(): boolean {
    return this.requests > 0 && this.#unanswered === this.requests;
  }

  /** Of the enriched profiles, how many had to do without the provider, 0 to 1; null when there were none. */
  get unavailableShare(): number | null {
    return this.#enriched === 0 ? null : this.#unavailable / this.#enriched;
  }

  /** By result, statuses first. */
  get results(): readonly (readonly [string, number])[] {
    return [...this.#results].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}
