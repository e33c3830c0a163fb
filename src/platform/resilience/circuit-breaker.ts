import Opossum from 'opossum';
import { TimeoutError } from './deadline.ts';

/** `closed`: calls go out. `open`: none does. `half-open`: one does, as the probe that decides. */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitStateChange {
  readonly name: string;
  readonly from: CircuitState;
  readonly to: CircuitState;
}

/** The call was refused, not made. */
export class CircuitOpenError extends Error {
  /** When the breaker will let the next call through; 0 while a probe is under way, which decides at any moment. */
  readonly retryAfterMs: number;

  constructor(name: string, retryAfterMs: number) {
    super(`The circuit breaker "${name}" is open.`);
    this.name = 'CircuitOpenError';
    this.retryAfterMs = retryAfterMs;
  }
}

export interface CircuitBreakerOptions {
  readonly name: string;
  /** Opens when more than this share (0–1) of the calls in the window failed; exactly this share is not more. */
  readonly failureRatio: number;
  /** … provided that at least so many calls were started in the window. */
  readonly volume: number;
  /** Length of the window. It slides in tenths of its length. */
  readonly windowMs: number;
  /**
   * Opens after so many failures in a row, too. A call that is under way counts as a call but not yet as a failure, so
   * under load the ratio alone opens late: the slower the failures, the later.
   */
  readonly consecutiveFailures: number;
  /** How long it stays open before it lets a probe through. */
  readonly resetMs: number;
  /**
   * A call that has not ended after so long counts as a failure. It is a backstop, so that a probe always ends; set it
   * above the longest time that the action takes by its own limits.
   */
  readonly timeoutMs: number;
  /** Called after the change, outside of the breaker's own bookkeeping. */
  readonly onStateChange: (change: CircuitStateChange) => void;
}

/** Stops asking what keeps failing, and tries again after a while (M. Nygard, *Release It!*). */
export interface CircuitBreaker {
  readonly state: CircuitState;
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

/**
 * opossum, one instance for each period from one opening to the next.
 *
 * opossum lets any call that settles move it, however long ago it started: an answer from before the opening would
 * close or reopen a half-open breaker, and failures from before would count again after it closed. Here such a call
 * reports to the instance it started in, which nobody listens to any more.
 */
class OpossumCircuitBreaker implements CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #period: Period;
  #state: CircuitState = 'closed';
  #halfOpenAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#period = this.#createPeriod();
    this.#watch(this.#period);
  }

  get state(): CircuitState {
    return this.#state;
  }

  async execute<T>(action: (admitted: () => boolean) => Promise<T>): Promise<T> {
    const period = this.#period;
    // opossum counts the calls that it refuses in the denominator of its failure ratio, so it is not asked at all.
    if (this.#state === 'open' || (this.#state === 'half-open' && !period.pendingClose)) {
      throw new CircuitOpenError(this.#options.name, Math.max(0, this.#halfOpenAt - performance.now()));
    }
    const admitted = (): boolean => this.#period === period && this.#state !== 'open';
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

  shutdown(): void {
    this.#state = 'open';
    this.#period.shutdown();
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
    let failuresInARow = 0;
    period.on('success', () => {
      failuresInARow = 0;
    });
    period.on('failure', () => {
      failuresInARow += 1;
      if (failuresInARow >= this.#options.consecutiveFailures) period.open();
    });
    period.on('open', () => this.#opened(period));
    period.on('halfOpen', () => this.#changed('half-open'));
    period.on('close', () => this.#changed('closed'));
  }

  #opened(ended: Period): void {
    ended.shutdown();
    this.#period = this.#createPeriod();
    this.#period.open();
    this.#watch(this.#period);
    this.#halfOpenAt = performance.now() + this.#options.resetMs;
    this.#changed('open');
  }

  #changed(to: CircuitState): void {
    const { name, onStateChange } = this.#options;
    const from = this.#state;
    this.#state = to;
    // opossum takes what its listeners throw for a failure of the call; in a microtask it is an uncaught exception.
    queueMicrotask(() => onStateChange({ name, from, to }));
  }
}
