import type { CircuitState } from '../resilience/circuit-breaker.ts';
import type { TransactionConflict } from './database-errors.ts';

/** What happens between the service and its database beyond the ordinary. */
export type DatabaseEvent =
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
  /** The breaker refused the work. */
  | { readonly type: 'short-circuited' }
  | { readonly type: 'breaker-state-changed'; readonly from: CircuitState; readonly to: CircuitState };
