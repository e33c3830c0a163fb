import type { EventStream } from '../telemetry/event-stream.ts';
import type { RateLimitEvent } from './rate-limit-events.ts';
import type { Allowance, RateLimit, RateLimiter } from './rate-limiter.ts';

const askAgainMs = 1_000;

/**
 * Counts with all others as long as the shared counter answers, and alone while it does not: a limit is no reason to
 * refuse anybody else. A counter that has failed is asked again once a second, so that the rest need not wait for it.
 */
export class FallbackRateLimiter implements RateLimiter {
  readonly #shared: RateLimiter;
  readonly #own: RateLimiter;
  readonly #events: EventStream<RateLimitEvent>;
  /** When the shared counter may be asked again; undefined while it answers. */
  #askAgainAt: number | undefined;

  constructor(shared: RateLimiter, own: RateLimiter, events: EventStream<RateLimitEvent>) {
    this.#shared = shared;
    this.#own = own;
    this.#events = events;
  }

  get limit(): RateLimit {
    return this.#shared.limit;
  }

  async take(client: string): Promise<Allowance> {
    const now = performance.now();
    if (this.#askAgainAt !== undefined) {
      if (now < this.#askAgainAt) return await this.#own.take(client);
      // One asks, the others go on.
      this.#askAgainAt = now + askAgainMs;
    }
    try {
      const allowance = await this.#shared.take(client);
      if (this.#askAgainAt !== undefined) this.#events.emit({ type: 'store-regained' });
      this.#askAgainAt = undefined;
      return allowance;
    } catch (error) {
      this.#events.emit({ type: 'store-failed', error });
      this.#askAgainAt ??= performance.now() + askAgainMs;
      return await this.#own.take(client);
    }
  }
}
