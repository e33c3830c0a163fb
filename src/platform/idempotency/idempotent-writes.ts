import type { Clock } from '../clock.ts';
import { TransientTransactionError } from '../database/database-errors.ts';
import type { Recall, UnitOfWork, Work } from '../database/unit-of-work.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { Answer } from './answer.ts';
import type { IdempotencyClaim } from './idempotency-claim.ts';
import { IdempotencyKeyReusedError, RequestInProgressError } from './idempotency-errors.ts';
import type { IdempotencyHousekeeping, IdempotencyStore } from './idempotency-store.ts';

/** What became of requests with a key that was known. */
export interface IdempotencyEvent {
  readonly type: 'replayed' | 'in-progress' | 'key-reused';
}

/** A request that writes. */
export interface IdempotentRequest<Repositories> {
  /** Null when the client sent no key; then the work is run, however often it is sent. */
  readonly claim: IdempotencyClaim | null;
  /** The use case, and the answer to it. Run again, whole, after a conflict. */
  readonly work: Work<Repositories, Answer>;
  /** Finds out, for requests without a key, whether `work` has been committed. */
  readonly recall: Recall<Repositories, Answer>;
  /** The answer to an error that `work` has thrown, or null when the error is not to be kept and may be tried again. */
  readonly rejection: (error: unknown) => Answer | null;
}

export interface IdempotentAnswer {
  readonly answer: Answer;
  /** Whether it was given before. */
  readonly replayed: boolean;
}

/**
 * Runs each write once for its key.
 *
 * The key and the answer are a row of the transaction that makes the change, so a key exists if and only if its effect
 * does. https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export class IdempotentWrites<Repositories extends { readonly idempotency: IdempotencyStore }> {
  readonly #unitOfWork: UnitOfWork<Repositories>;
  readonly #housekeeping: IdempotencyHousekeeping;
  readonly #events: EventStream<IdempotencyEvent>;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  /** Fingerprints by claim: a repetition need not occupy a connection to learn that the first is under way here. */
  readonly #inFlight = new Map<string, string>();

  constructor(
    unitOfWork: UnitOfWork<Repositories>,
    housekeeping: IdempotencyHousekeeping,
    options: { readonly events: EventStream<IdempotencyEvent>; readonly clock: Clock; readonly ttlMs: number },
  ) {
    this.#unitOfWork = unitOfWork;
    this.#housekeeping = housekeeping;
    this.#events = options.events;
    this.#clock = options.clock;
    this.#ttlMs = options.ttlMs;
  }

  /**
   * @throws IdempotencyKeyReusedError when the key belongs to another request
   * @throws RequestInProgressError when the first request with this key has not ended, here or in another process
   * @throws what the unit of work throws, when it has no `rejection`
   */
  async run(request: IdempotentRequest<Repositories>): Promise<IdempotentAnswer> {
    const { claim, work, recall } = request;
    if (claim === null) return { answer: await this.#unitOfWork.run(work, recall), replayed: false };
    try {
      const outcome = await this.#runOnce(request, claim);
      if (outcome.replayed) this.#events.emit({ type: 'replayed' });
      return outcome;
    } catch (error) {
      if (error instanceof RequestInProgressError) this.#events.emit({ type: 'in-progress' });
      if (error instanceof IdempotencyKeyReusedError) this.#events.emit({ type: 'key-reused' });
      throw error;
    }
  }

  async #runOnce(request: IdempotentRequest<Repositories>, claim: IdempotencyClaim): Promise<IdempotentAnswer> {
    const inFlight = this.#inFlight.get(claim.id);
    if (inFlight !== undefined) {
      throw inFlight === claim.fingerprint ? new RequestInProgressError() : new IdempotencyKeyReusedError();
    }
    this.#inFlight.set(claim.id, claim.fingerprint);
    try {
      return await this.#runInTransaction(request, claim);
    } catch (error) {
      if (error instanceof RequestInProgressError) await this.#requireSameRequest(claim);
      throw error;
    } finally {
      this.#inFlight.delete(claim.id);
    }
  }

  async #runInTransaction(
    request: IdempotentRequest<Repositories>,
    claim: IdempotencyClaim,
  ): Promise<IdempotentAnswer> {
    let rejection: { readonly error: unknown; readonly answer: Answer } | undefined;
    try {
      return await this.#claimAndKeep(claim, async (repositories) => {
        try {
          return await request.work(repositories);
        } catch (error) {
          const answer = request.rejection(error);
          rejection = answer === null ? undefined : { error, answer };
          throw error;
        }
      });
    } catch (error) {
      if (rejection === undefined || rejection.error !== error) throw error;
      // What the use case had written is rolled back; that it was refused is kept, unless another was faster.
      const { answer } = rejection;
      return await this.#claimAndKeep(claim, () => Promise.resolve(answer));
    }
  }

  async #claimAndKeep(claim: IdempotencyClaim, work: Work<Repositories, Answer>): Promise<IdempotentAnswer> {
    const now = this.#clock.now();
    let attempts = 0;
    return await this.#unitOfWork.run<IdempotentAnswer>(
      async (repositories) => {
        attempts += 1;
        const stored = await this.#claim(repositories, claim, now, attempts);
        if (stored !== null) {
          if (stored.fingerprint !== claim.fingerprint) throw new IdempotencyKeyReusedError();
          return { answer: stored.answer, replayed: true };
        }
        const answer = await work(repositories);
        await repositories.idempotency.keep(claim, answer);
        return { answer, replayed: false };
      },
      async ({ idempotency }, { replayed }) => {
        const answer = await idempotency.findDecided(claim, now);
        return answer === null ? null : { answer, replayed };
      },
    );
  }

  async #claim(
    { idempotency }: Repositories,
    claim: IdempotencyClaim,
    now: Date,
    attempt: number,
  ): Promise<{ readonly fingerprint: string; readonly answer: Answer } | null> {
    try {
      return await idempotency.claim(claim, now, new Date(now.getTime() + this.#ttlMs));
    } catch (error) {
      // The server may not have noticed yet that the connection of an attempt before this one is gone, so that the key
      // is held by ourselves. That is no reason to refuse the only request there is.
      if (error instanceof RequestInProgressError && attempt > 1) throw new TransientTransactionError('busy', error);
      throw error;
    }
  }

  /** Another process has claimed the key. That it belongs to another request is told first, where it can be seen. */
  async #requireSameRequest(claim: IdempotencyClaim): Promise<void> {
    const fingerprint = await this.#housekeeping.fingerprintInFlight(claim.id).catch(() => null);
    if (fingerprint !== null && fingerprint !== claim.fingerprint) throw new IdempotencyKeyReusedError();
  }
}
