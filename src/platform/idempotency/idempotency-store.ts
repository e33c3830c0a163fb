import type { Answer } from './answer.ts';
import type { IdempotencyClaim } from './idempotency-claim.ts';

/**
 * The keys of requests and what was answered, in one transaction: the request's own, so that its changes and its answer
 * are committed together or not at all.
 */
export interface IdempotencyStore {
  /**
   * Claims the key for this transaction. An expired key counts as absent.
   *
   * Of two that claim an absent key in the same instant, the second waits for the first, for as long as a lock is
   * waited for.
   *
   * @returns null when the key is ours now, else what is stored under it, maybe for another request
   * @throws RequestInProgressError when another transaction holds the key, without waiting for it
   * @throws TransientTransactionError
   */
  claim(
    claim: IdempotencyClaim,
    now: Date,
    expiresAt: Date,
  ): Promise<{ readonly fingerprint: string; readonly answer: Answer } | null>;

  /** Keeps the answer under the key that this transaction has claimed. To commit a claim without is an error. */
  keep(claim: IdempotencyClaim, answer: Answer): Promise<void>;

  /**
   * Looks up how a request ended, after waiting for a transaction that holds the key and is undecided.
   *
   * @returns null when nothing was committed for this request; the key may have been used for another one since
   * @throws TransientTransactionError when the other transaction stayed undecided for longer than a lock is waited for
   */
  findDecided(claim: IdempotencyClaim, now: Date): Promise<Answer | null>;
}

/** What is done about keys outside of the transactions that use them; each call takes a connection of its own. */
export interface IdempotencyHousekeeping {
  /**
   * Deletes at most `limit` keys that have expired by `now`, without locking one that lives.
   *
   * @returns how many it deleted
   */
  deleteExpired(now: Date, limit: number): Promise<number>;

  /**
   * Tells, by a dirty read, for which request another transaction that has not answered yet holds the key.
   *
   * @returns null when that cannot be told: there is none, it is about to commit, or the engine has no dirty reads
   */
  fingerprintInFlight(id: string): Promise<string | null>;
}
