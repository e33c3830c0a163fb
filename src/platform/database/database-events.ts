import type { RefusalReason } from '../resilience/admission-queue.ts';
import type { CircuitStateChange } from '../resilience/operated-breaker.ts';
import type { TransactionConflict } from './database-errors.ts';

/** What happens between the service and its database. */
export type DatabaseEvent =
  /**
   * A read, a unit of work or a probe has ended, with all its retries. A success is whatever shows that the database is
   * there: that it refused is one too. A timeout is the end of our patience.
   */
  | { readonly type: 'call-ended'; readonly outcome: 'success' | 'failure' | 'timeout'; readonly durationMs: number }
  /** Somebody has waited for a connection, to be given one or in vain; with SQLite, for the turn to write. */
  | { readonly type: 'connection-awaited'; readonly waitMs: number }
  | {
      readonly type: 'transaction-retried';
      readonly cause: TransactionConflict | 'connection-lost';
      /** 1 is the first. */
      readonly retry: number;
      readonly delayMs: number;
    }
  /** A read found its connection dead and goes on with another. */
  | { readonly type: 'read-retried' }
  /** A COMMIT got no answer; what became of it is looked up. */
  | { readonly type: 'commit-undecided' }
  | { readonly type: 'commit-resolved'; readonly committed: boolean }
  /** Too much other work was before it. */
  | { readonly type: 'admission-refused'; readonly reason: RefusalReason }
  /** The breaker refused the work. */
  | { readonly type: 'short-circuited' }
  | ({ readonly type: 'breaker-state-changed' } & Omit<CircuitStateChange, 'name'>);
