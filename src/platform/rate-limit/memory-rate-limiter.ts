import type { Allowance, RateLimit, RateLimiter } from './rate-limiter.ts';

interface Window {
  readonly endsAt: number;
  requests: number;
}

/**
 * Counts within this process, for `clientsMax` clients at once. When more come, those are forgotten whose windows end
 * first: a scan from many addresses costs some clients their count, and the process no memory.
 */
export class MemoryRateLimiter implements RateLimiter {
  readonly limit: RateLimit;
  readonly #clientsMax: number;
  /** In the order in which they end, because all are of one length. */
  readonly #windows = new Map<string, Window>();

  constructor(limit: RateLimit, clientsMax: number) {
    this.limit = limit;
    this.#clientsMax = clientsMax;
  }

  /** How many clients are being counted. */
  get size(): number {
    return this.#windows.size;
  }

  take(client: string): Promise<Allowance> {
    const now = performance.now();
    const window = this.#windowOf(client, now);
    window.requests += 1;
    return Promise.resolve({
      allowed: window.requests <= this.limit.requests,
      remaining: Math.max(0, this.limit.requests - window.requests),
      resetMs: window.endsAt - now,
    });
  }

  #windowOf(client: string, now: number): Window {
    this.#forgetEnded(now);
    const known = this.#windows.get(client);
    if (known !== undefined) return known;
    const [first] = this.#windows.keys();
    if (this.#windows.size >= this.#clientsMax && first !== undefined) this.#windows.delete(first);
    const window = { endsAt: now + this.limit.windowMs, requests: 0 };
    this.#windows.set(client, window);
    return window;
  }

  #forgetEnded(now: number): void {
    for (const [client, { endsAt }] of this.#windows) {
      if (endsAt > now) return;
      this.#windows.delete(client);
    }
  }
}
