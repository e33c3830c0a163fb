import { type EntityTags, entityTagOf, isKnownToClient } from '../../platform/http/conditional.ts';
import type { Lookup, LookupHeaders } from '../../platform/http/lookup-headers.ts';
import { type PreparedAnswer, prepareAnswer } from '../../platform/http/responses.ts';
import type { Answer } from '../../platform/idempotency/answer.ts';
import type { UserLookup } from './user-queries.ts';
import type { UserView } from './user-view.ts';

type Headers = Readonly<Record<string, string>>;

/** @param headers besides those that tell versions apart */
export function userAnswer(status: 200 | 201, view: UserView, headers: Headers = {}): Answer {
  return jsonText(status, view.body, { ...headers, ...validatorsOf(view) });
}

/** The answer to a GET: 304 when the client knows this version. */
export function readAnswer(view: UserView, ifNoneMatch: EntityTags | undefined, headers: Headers): Answer {
  return isKnownToClient(ifNoneMatch, view.version)
    ? { status: 304, headers: { ...headers, ...validatorsOf(view) }, body: '' }
    : userAnswer(200, view, headers);
}

/** The answers to reads of users that are in memory, prepared once for each view. */
export class RememberedAnswers {
  readonly #answers = new WeakMap<UserView, { readonly whole: PreparedAnswer; readonly unchanged: PreparedAnswer }>();
  readonly #headers: Headers;

  constructor(lookupHeaders: LookupHeaders) {
    this.#headers = lookupHeaders({ status: 'hit', durationsMs: { cache: 0 } });
  }

  of(view: UserView, ifNoneMatch: EntityTags | undefined): PreparedAnswer {
    const { whole, unchanged } = this.#answers.get(view) ?? this.#prepare(view);
    return isKnownToClient(ifNoneMatch, view.version) ? unchanged : whole;
  }

  #prepare(view: UserView): { readonly whole: PreparedAnswer; readonly unchanged: PreparedAnswer } {
    const answers = {
      whole: prepareAnswer(readAnswer(view, undefined, this.#headers)),
      unchanged: prepareAnswer(readAnswer(view, '*', this.#headers)),
    };
    this.#answers.set(view, answers);
    return answers;
  }
}

/** @param body JSON */
export function jsonText(status: 200 | 201, body: string, headers: Headers = {}): Answer {
  return { status, headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' }, body };
}

/** How a user was found, for the headers that say so. */
export function lookupOf({ cache, cacheMs, databaseMs }: UserLookup, enrichmentMs?: number): Lookup {
  const durationsMs = {
    // Memory takes no time.
    ...(cache === 'bypass' ? {} : { cache: cacheMs ?? 0 }),
    ...(databaseMs === undefined ? {} : { db: databaseMs }),
    ...(enrichmentMs === undefined ? {} : { enrichment: enrichmentMs }),
  };
  return { status: cache, durationsMs };
}

/** A client may keep a profile, but asks each time whether it is still the current one. */
function validatorsOf({ version }: UserView): Headers {
  return { ETag: entityTagOf(version), 'Cache-Control': 'private, no-cache' };
}
