import type { CircuitBreakerOptions } from '../../../src/platform/resilience/circuit-breaker.ts';
import type { CircuitState } from '../../../src/platform/resilience/operated-breaker.ts';

export type BreakerRules = Omit<CircuitBreakerOptions, 'name' | 'failureRatio' | 'onStateChange'>;

/** A call that the reference let through. */
export interface ReferenceCall {
  readonly period: number;
  readonly timesOutAt: number;
  timedOut: boolean;
}

/**
 * What the circuit breaker is meant to be, with nothing but counting.
 *
 * Time is a number that the test moves. Counts are kept in tenths of the window, measured from the beginning of the
 * period; a period lasts from one opening to the next, and a call counts only in the one that it was started in. A call
 * counts in the total from its start, and as a failure from its end.
 */
export class ReferenceBreaker {
  readonly states: CircuitState[] = ['closed'];
  readonly #rules: BreakerRules;
  readonly #pending = new Set<ReferenceCall>();
  #now = 0;
  #period = newPeriod(0, 0);

  constructor(rules: BreakerRules) {
    this.#rules = rules;
  }

  get state(): CircuitState | undefined {
    return this.states.at(-1);
  }

  /** @returns null when the call is refused */
  start(): ReferenceCall | null {
    if (this.state === 'open' || (this.state === 'half-open' && this.#period.probed)) return null;
    this.#period.probed = true;
    this.#period.starts.push(this.#period.tenth);
    const call = { period: this.#period.id, timesOutAt: this.#now + this.#rules.timeoutMs, timedOut: false };
    this.#pending.add(call);
    return call;
  }

  isAdmitted(call: ReferenceCall): boolean {
    return call.period === this.#period.id;
  }

  end(call: ReferenceCall, succeeded: boolean): void {
    if (!this.#pending.delete(call) || call.period !== this.#period.id) return;
    const { starts, failures } = this.#period;
    if (succeeded) {
      this.#period.failuresInARow = 0;
      if (this.state === 'half-open') this.states.push('closed');
      return;
    }
    failures.push(this.#period.tenth);
    this.#period.failuresInARow += 1;
    const total = this.#inWindow(starts);
    const tooMany = total >= this.#rules.volume && this.#inWindow(failures) / total > 0.5;
    if (this.state === 'half-open' || tooMany || this.#period.failuresInARow >= this.#rules.consecutiveFailures) {
      this.states.push('open');
      this.#period = newPeriod(this.#period.id + 1, this.#now);
    }
  }

  tick(ms: number): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now += 1;
      if (this.state === 'open' && this.#now === this.#period.startedAt + this.#rules.resetMs)
        this.states.push('half-open');
      for (const call of this.#pending) {
        if (call.timesOutAt !== this.#now) continue;
        call.timedOut = true;
        this.end(call, false);
      }
      if ((this.#now - this.#period.startedAt) % (this.#rules.windowMs / 10) === 0) this.#period.tenth += 1;
    }
  }

  #inWindow(tenths: readonly number[]): number {
    return tenths.filter((tenth) => tenth > this.#period.tenth - 10).length;
  }
}

function newPeriod(id: number, startedAt: number) {
  const counts = { tenth: 0, starts: [] as number[], failures: [] as number[], failuresInARow: 0 };
  return { id, startedAt, probed: false, ...counts };
}
