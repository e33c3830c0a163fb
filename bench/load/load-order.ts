/** What is sent, again and again. The text `{n}` in it is replaced as `numbers` says. */
export interface RequestPlan {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly numbers: Numbers;
}

/**
 * Which users a plan is about: `hot`, one of a few in turn; `each`, every one of `count`, in an order that looks random
 * and comes to none a second time before all the others; `new`, one that no request before was about.
 */
export type Numbers =
  | { readonly kind: 'hot'; readonly count: number }
  | { readonly kind: 'each'; readonly count: number }
  | { readonly kind: 'new' };

/** One round. */
export interface LoadOrder {
  readonly port: number;
  /** Each has one request under way at any time (a closed loop). */
  readonly connections: number;
  readonly durationMs: number;
  /** How long the last answers may take from then on, a minute by default: a server that stands still fails the round. */
  readonly patienceMs?: number;
  readonly plan: RequestPlan;
  readonly expectedStatus: number;
}

export interface LoadReport {
  /** That were answered as expected; latencies are theirs alone. */
  readonly requests: number;
  /** Other answers, by status. */
  readonly unexpected: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Processor time of the generator itself. */
  readonly cpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The last answer that was as expected, whole; null when there was none. */
  readonly sample: Sample | null;
}

export interface Sample {
  /** Fields as they were sent. */
  readonly headers: string;
  readonly body: string;
}
