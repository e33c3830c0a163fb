import Opossum from 'opossum';
import { TimeoutError } from './deadline.ts';
import type {
  CircuitBreakerLimits,
  CircuitFigures,
  CircuitState,
  CircuitStateChange,
  OperatedBreaker,
} from './operated-breaker.ts';

/** The call was refused, not made. */
export class CircuitOpenError extends Error {
  /**
   * When the breaker will let the next call through; 0 while a probe is under way, which decides at any moment, and the
   * reset time while an operator holds it open, which nobody knows the end of.
   */
  readonly retryAfterMs: number;

  constructor(name: string, retryAfterMs: number) {
    super(`The circuit breaker "${name}" is open.`);
    this.name = 'CircuitOpenError';
    this.retryAfterMs = retryAfterMs;
  }
}

export interface CircuitBreakerOptions extends CircuitBreakerLimits {
  readonly name: string;
  /**
   * A call that has not ended after so long counts as a failure. It is a backstop, so that a probe always ends; set it
   * above the longest time that the action takes by its own limits.
   */
  readonly timeoutMs: number;
  /** Called after the change, outside of the breaker's own bookkeeping. */
  readonly onStateChange: (change: CircuitStateChange) => void;
}

/** Stops asking what keeps failing, and tries again after a while (M. Nygard, *Release It!*). */
export interface CircuitBreaker extends OperatedBreaker {
  /**
   * Runs `action` unless the breaker is open; a rejection is a failure, anything else a success. There is no third
   * outcome: what says nothing about the other side's health must be a value, or not come here.
   *
   * `action` is given `admitted()`, which turns false when the breaker has opened since: the action's further attempts
   * would be calls that an open breaker forbids. Its outcome no longer moves the breaker then.
   *
   * @throws CircuitOpenError without running `action`; TimeoutError after `timeoutMs`; what `action` throws
   */
  execute<T>(action: (admitted: () => boolean) => Promise<T>): Promise<T>;
  /** Ends the timers of window and reset, and refuses every further call. Calls under way end as they would have. */
  shutdown(): void;
}

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new OpossumCircuitBreaker(options);
}

type Action = () => Promise<void>;
type Period = Opossum<[Action], void>;
type Counts = Pick<CircuitFigures, 'volume' | 'errorShare' | 'consecutiveFailures'>;

const nothingCounted: Counts = { volume: 0, errorShare: 0, consecutiveFailures: 0 };

/**
 * opossum, one instance for each period from one opening, or reset, to the next.
 *
 * opossum lets any call that settles move it, however long ago it started: an answer from before the opening would
 * close or reopen a half-open breaker, and failures from before would count again after it closed. Here such a call
 * reports to the instance it started in, which nobody listens to any more.
 */
class OpossumCircuitBreaker implements CircuitBreaker {
  readonly limits: CircuitBreakerLimits;
  readonly #options: CircuitBreakerOptions;
  #period: Period;
  #state: CircuitState = 'closed';
  #since = Date.now();
  #openings = 0;
  #halfOpenAt = 0;
  #failuresInARow = 0;
  #openedWith = nothingCounted;
  #isForced = false;
  #isShutDown = false;

  constructor(options: CircuitBreakerOptions) {
    const { failureRatio, volume, windowMs, consecutiveFailures, resetMs } = options;
    this.limits = { failureRatio, volume, windowMs, consecutiveFailures, resetMs };
    this.#options = options;
    this.#period = this.#createPeriod();
    this.#watch(this.#period);
  }

  get state(): CircuitState {
    return this.#state;
  }

  get isForced(): boolean {
    return this.#isForced;
  }

  figures(): CircuitFigures {
    const counts = this.#state === 'open' ? this.#openedWith : this.#counts();
    return { ...counts, nextProbeInMs: this.#nextProbeInMs(), since: this.#since };
  }

  async execute<T>(action: (admitted: () => boolean) => Promise<T>): Promise<T> {
    const period = this.#period;
    // opossum counts the calls that it refuses in the denominator of its failure ratio, so it is not asked at all.
    if (this.#state === 'open' || (this.#state === 'half-open' && !period.pendingClose)) {
      throw new CircuitOpenError(this.#options.name, this.#nextProbeInMs() ?? this.#options.resetMs);
    }
    const openings = this.#openings;
    const admitted = (): boolean => this.#openings === openings && this.#state !== 'open';
    const { promise: result, resolve } = Promise.withResolvers<T>();
    try {
      // The result takes its own way, because opossum's types know one for all calls.
      await period.fire(async () => resolve(await action(admitted)));
      return await result;
    } catch (error) {
      if (error instanceof Error && Opossum.isOurError(error)) {
        throw new TimeoutError(this.#options.timeoutMs, { cause: error });
      }
      throw error;
    }
  }

  forceOpen(by: string): void {
    if (this.#isShutDown || this.#isForced) return;
    this.#isForced = true;
    if (this.#state !== 'open') this.#openedWith = this.#counts();
    // This one is never asked, and so has no timer that would end in a probe.
    this.#begin(this.#createPeriod());
    if (this.#state === 'open') return;
    this.#openings += 1;
    this.#changed('open', by);
  }

  close(by: string): void {
    if (this.#state !== 'closed') this.reset(by);
  }

  reset(by: string): void {
    if (this.#isShutDown) return;
    this.#isForced = false;
    this.#begin(this.#createPeriod());
    if (this.#state !== 'closed') this.#changed('closed', by);
  }

  shutdown(): void {
    this.#isShutDown = true;
    this.#state = 'open';
    this.#period.shutdown();
  }

  #nextProbeInMs(): number | null {
    if (this.#state === 'closed' || this.#isForced) return null;
    return Math.max(0, this.#halfOpenAt - performance.now());
  }

  #counts(): Counts {
    const { successes, failures } = this.#period.stats;
    const volume = successes + failures;
    const errorShare = volume === 0 ? 0 : failures / volume;
    return { volume, errorShare, consecutiveFailures: this.#failuresInARow };
  }

  #createPeriod(): Period {
    const { name, failureRatio, volume, windowMs, resetMs, timeoutMs } = this.#options;
    return new Opossum(async (action: Action) => await action(), {
      name,
      errorThresholdPercentage: failureRatio * 100,
      volumeThreshold: volume,
      rollingCountTimeout: windowMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      resetTimeout: resetMs,
      timeout: timeoutMs,
    });
  }

  #watch(period: Period): void {
    period.on('success', () => {
      this.#failuresInARow = 0;
    });
    period.on('failure', () => {
      this.#failuresInARow += 1;
      if (this.#failuresInARow >= this.#options.consecutiveFailures) period.open();
    });
    period.on('open', () => this.#opened());
    period.on('halfOpen', () => this.#changed('half-open', null));
    period.on('close', () => this.#changed('closed', null));
  }

  #opened(): void {
    this.#openedWith = this.#counts();
    const period = this.#createPeriod();
    period.open();
    this.#begin(period);
    this.#openings += 1;
    this.#halfOpenAt = performance.now() + this.#options.resetMs;
    this.#changed('open', null);
  }

  /** Nobody listens to the one before any more. */
  #begin(period: Period): void {
    this.#period.shutdown();
    this.#period = period;
    this.#failuresInARow = 0;
    this.#watch(period);
  }

  #changed(to: CircuitState, by: string | null): void {
    const { name, onStateChange } = this.#options;
    const from = this.#state;
    this.#state = to;
    this.#since = Date.now();
    // opossum takes what its listeners throw for a failure of the call; in a microtask it is an uncaught exception.
    queueMicrotask(() => onStateChange({ name, from, to, by }));
  }
}
