import { Latencies } from '../../traffic/index.ts';

export const chapterNames = ['healthy', 'slow', 'dead', 'healed', 'frozen', 'thawed'] as const;
export type ChapterName = (typeof chapterNames)[number];

/** What was seen in one second. */
export interface DemoSecond {
  readonly chapter: ChapterName;
  /** Of the breaker around the provider, at the end of the second. */
  readonly breaker: string;
  readonly served: number;
  readonly failed: number;
  /** Of the enriched profiles, in milliseconds; null when none was asked for. */
  readonly enrichedP50Ms: number | null;
  /** The slowest of them. */
  readonly enrichedMaxMs: number | null;
  /** Of the plain reads and lists. */
  readonly readP95Ms: number | null;
  /** Of the enriched profiles, how many had the provider's data, 0 to 1; null as above. */
  readonly availableShare: number | null;
  /** Changes that had no answer yet, or were told to come again, at the end of the second. */
  readonly waitingWrites: number;
}

/** What the service has counted of its calls to the provider. */
export interface BreakerFigures {
  readonly state: string;
  readonly opened: number;
  readonly probed: number;
  /** Calls that were not made, since it was open. */
  readonly saved: number;
}

/** How a change went, from the first attempt to the answer that ended it. */
export interface DemoWrite {
  readonly durationMs: number;
  /** Times that it was refused, with `Retry-After`, and sent again under its key. */
  readonly repeats: number;
}

/** Collects a second's requests. */
export class SecondInTheMaking {
  readonly #enriched = new Latencies();
  readonly #reads = new Latencies();
  #available = 0;
  #served = 0;
  #failed = 0;

  enriched(durationMs: number, available: boolean): void {
    this.#enriched.record(durationMs);
    this.#served += 1;
    if (available) this.#available += 1;
  }

  read(durationMs: number): void {
    this.#reads.record(durationMs);
    this.#served += 1;
  }

  written(): void {
    this.#served += 1;
  }

  failed(): void {
    this.#failed += 1;
  }

  end(chapter: ChapterName, breaker: string, waitingWrites: number): DemoSecond {
    const enriched = this.#enriched.count;
    return {
      chapter,
      breaker,
      served: this.#served,
      failed: this.#failed,
      enrichedP50Ms: enriched === 0 ? null : this.#enriched.quantileMs(0.5),
      enrichedMaxMs: enriched === 0 ? null : this.#enriched.quantileMs(1),
      readP95Ms: this.#reads.count === 0 ? null : this.#reads.quantileMs(0.95),
      availableShare: enriched === 0 ? null : this.#available / enriched,
      waitingWrites,
    };
  }
}
