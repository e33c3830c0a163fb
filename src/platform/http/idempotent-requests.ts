import { type Request, type Response } from 'express';
import { v7 as uuidv7 } from 'uuid';
import type { Recall } from '../database/unit-of-work.ts';
import type { Answer } from '../idempotency/answer.ts';
import { claimFor, type IdempotencyClaim } from '../idempotency/idempotency-claim.ts';
import { parseIdempotencyKey } from '../idempotency/idempotency-key.ts';
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts';
import type { IdempotentWrites } from '../idempotency/idempotent-writes.ts';
import { ValidationError } from '../validation-error.ts';
import { EffectsOfAttempts, type WriteObserver, type Written } from './write-effects.ts';
import { bodyOf } from './json-body.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import { problemAnswer } from './problem-details.ts';
import { contextOf, requestIdOf } from './request-context.ts';
import { sendAnswer } from './responses.ts';

/** Whose change it is, for the journal. */
export interface ChangeOrigin {
  /** One for each write request, however often its transaction is run. */
  readonly changeId: string;
  readonly requestId: string;
}

/** Who sends requests, until there are accounts. */
const principal = 'anonymous';

/** Answers requests that write: within one transaction, and once for each `Idempotency-Key`. */
export class IdempotentRequests<Repositories extends { readonly idempotency: IdempotencyStore }, Effect> {
  readonly #writes: IdempotentWrites<Repositories>;
  readonly #problems: ProblemCatalogue;
  readonly #isRecorded: (repositories: Repositories, changeId: string) => Promise<boolean>;
  readonly #observer: WriteObserver<Effect>;

  /** @param isRecorded whether a change has been committed, waiting for a transaction that may still be about to */
  constructor(
    writes: IdempotentWrites<Repositories>,
    problems: ProblemCatalogue,
    isRecorded: (repositories: Repositories, changeId: string) => Promise<boolean>,
    observer: WriteObserver<Effect>,
  ) {
    this.#writes = writes;
    this.#problems = problems;
    this.#isRecorded = isRecorded;
    this.#observer = observer;
  }

  /**
   * Validates the key if there is one, runs `work`, and sends its answer or the one that was given before.
   *
   * Call it when the request itself has been validated: what is wrong with a request is not kept under its key.
   *
   * @param key under which the observer knows what is to be written; null: what does not exist yet
   */
  async answer(
    req: Request,
    res: Response,
    key: string | null,
    work: (repositories: Repositories, origin: ChangeOrigin) => Promise<Written<Effect>>,
  ): Promise<void> {
    const origin: ChangeOrigin = { changeId: uuidv7(), requestId: requestIdOf(res) };
    const recall: Recall<Repositories, Answer> = async (repositories, answer) =>
      (await this.#isRecorded(repositories, origin.changeId)) ? answer : null;
    const rejection = (error: unknown): Answer | null => this.#rejection(req, res, error);
    const effects = new EffectsOfAttempts(this.#observer, key);
    const { answer, replayed } = await effects.observe(
      () =>
        this.#writes.run({
          claim: claimOf(req),
          work: async (repositories) => await effects.attempt(() => work(repositories, origin)),
          recall,
          rejection,
        }),
      (error) => rejection(error) !== null,
    );
    if (replayed) res.setHeader('Idempotency-Replayed', 'true');
    if (answer.status >= 400) contextOf(res).problemCode = problemCodeOf(answer);
    sendAnswer(res, answer);
  }

  /** Sent again, a request that was refused shall not find that a name is free now. Bodies against the rules are not kept. */
  #rejection(req: Request, res: Response, error: unknown): Answer | null {
    if (error instanceof ValidationError) return null;
    const answer = problemAnswer(this.#problems, error, req, res);
    return answer.status < 500 ? answer : null;
  }
}

/** For the log. */
function problemCodeOf({ body }: Answer): string {
  const { code }: { code?: string } = JSON.parse(body);
  return code ?? 'unknown';
}

function claimOf(req: Request): IdempotencyClaim | null {
  const values = req.headersDistinct['idempotency-key'];
  if (values === undefined) return null;
  return claimFor({
    principal,
    method: req.method,
    route: req.baseUrl + String(req.route?.path),
    key: parseIdempotencyKey(values),
    parameters: req.params,
    body: bodyOf(req),
    ifMatch: req.get('if-match'),
  });
}
