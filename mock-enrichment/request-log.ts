import type { Mode } from './mock-control.ts';

/** What has become of a request: an HTTP status, a dropped connection, a caller that left, or not (yet) answered. */
export type Answered = `${number}` | 'reset' | 'client-gone' | 'pending' | 'hanging';

export interface LoggedRequest {
  /** 1, 2, 3 … since the start or the last reset. */
  readonly sequence: number;
  /** At most 128 characters; a longer id is cut and ends in `…`. */
  readonly userId: string;
  /** Arrival, RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** Since the previous arrival for the same user; `null` for that user's first. */
  readonly gapMs: number | null;
  readonly mode: Mode;
  readonly answered: Answered;
  /** From arrival to answer; `null` while unanswered. */
  readonly durationMs: number | null;
}

export interface RequestLogSnapshot {
  /** All requests since the start or the last reset, not only those listed. */
  readonly count: number;
  /** The last 100, newest last. */
  readonly requests: readonly LoggedRequest[];
}

const ENTRIES_MAX = 100;
const USERS_MAX = 1000;
const USER_ID_LENGTH_MAX = 128;

interface RequestLogOptions {
  /** Milliseconds since the Unix epoch; must not run backwards, gaps are measured with it. */
  readonly now: () => number;
  readonly onChange: () => void;
}

/** The requests the provider route has received. Its memory is bounded: 100 entries, and arrivals of the 1,000 latest users. */
export class RequestLog {
  readonly #now: () => number;
  readonly #onChange: () => void;
  readonly #lastArrivals = new Map<string, number>();
  #entries: LoggedRequest[] = [];
  #count = 0;

  constructor({ now, onChange }: RequestLogOptions) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Notes an arrival. The returned function notes what became of it; only its first call counts. */
  record(userId: string, mode: Mode, answered: 'pending' | 'hanging'): (answered: Answered) => void {
    const arrivedMs = this.#now();
    const shownId = shorten(userId);
    const sequence = ++this.#count;
    const at = new Date(arrivedMs).toISOString();
    const open: LoggedRequest = {
      sequence,
      userId: shownId,
      at,
      gapMs: this.#gapSincePrevious(shownId, arrivedMs),
      mode,
      answered,
      durationMs: null,
    };
    this.#entries.push(open);
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift();
    this.#onChange();
    return (outcome) => this.#settle(open, outcome, Math.round(this.#now() - arrivedMs));
  }

  snapshot(): RequestLogSnapshot {
    return { count: this.#count, requests: [...this.#entries] };
  }

  /** Forgets everything. A request still open is not listed again when it settles. */
  clear(): void {
    this.#entries = [];
    this.#count = 0;
    this.#lastArrivals.clear();
    this.#onChange();
  }

  /** Replaces the open entry, which is not there any more when it has settled, was pushed out or cleared. */
  #settle(open: LoggedRequest, answered: Answered, durationMs: number): void {
    const index = this.#entries.lastIndexOf(open);
    if (index === -1) return;
    this.#entries[index] = { ...open, answered, durationMs };
    this.#onChange();
  }

  #gapSincePrevious(userId: string, arrivedMs: number): number | null {
    const previousMs = this.#lastArrivals.get(userId);
    this.#lastArrivals.delete(userId);
    this.#lastArrivals.set(userId, arrivedMs);
    for (const oldest of this.#lastArrivals.keys()) {
      if (this.#lastArrivals.size <= USERS_MAX) break;
      this.#lastArrivals.delete(oldest);
    }
    return previousMs === undefined ? null : Math.round(arrivedMs - previousMs);
  }
}

function shorten(userId: string): string {
  return userId.length <= USER_ID_LENGTH_MAX ? userId : `${userId.slice(0, USER_ID_LENGTH_MAX - 1)}…`;
}
