import createClient from 'openapi-fetch';
import type { paths } from './api-types.ts';
import { enriched, nothing, page, versioned } from './answer-readers.ts';
import { type Answered, attempt, type Fetch, type Transport } from './api-attempt.ts';
import type { CallOptions, FoundUser, ProfileClient, ReadOptions, UnchangedUser } from './profile-client.ts';
import { runWithRetries, systemTime } from './run-with-retries.ts';

export interface ProfileClientOptions {
  /** Where the API is, without its `/api`, and with nothing after the path: `https://profiles.example.com`. */
  readonly baseUrl: string;
  /** Sends the requests; the global `fetch` unless said otherwise. */
  readonly fetch?: Fetch;
  /** How long a call may take, all attempts and waits included; 30,000 unless said otherwise, 25 days at most. */
  readonly deadlineMs?: number;
  /** How often a call is sent again at most; 8 times unless said otherwise. 0 sends it once. */
  readonly retriesMax?: number;
}

/**
 * @throws TypeError when `baseUrl` is no address of an API
 * @throws RangeError when `deadlineMs` is not above 0, or `retriesMax` below it
 */
export function createProfileClient(options: ProfileClientOptions): ProfileClient {
  const { deadlineMs = 30_000, retriesMax = 8 } = options;
  if (!(deadlineMs > 0)) throw new RangeError(`A deadline of ${deadlineMs} ms.`);
  if (!(retriesMax >= 0)) throw new RangeError(`${retriesMax} retries.`);
  const fetch: Fetch = options.fetch ?? (async (request) => await globalThis.fetch(request));
  const api = createClient<paths>({ baseUrl: addressOf(options.baseUrl) });

  const call = async <Data, Result>(
    send: (transport: Transport) => Promise<Answered<Data>>,
    read: (answered: Answered<Data>) => Result,
    { signal }: CallOptions,
  ): Promise<Result> =>
    await runWithRetries(
      async (ending) => await attempt({ fetch, signal: ending }, send, read),
      { deadlineMs, retriesMax },
      systemTime,
      signal,
    );

  function get(id: string, options?: CallOptions & { readonly ifNoneMatch?: never }): Promise<FoundUser>;
  function get(id: string, options: ReadOptions): Promise<FoundUser | UnchangedUser>;
  async function get(id: string, { ifNoneMatch, ...options }: ReadOptions = {}): Promise<FoundUser | UnchangedUser> {
    const header = ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch };
    const params = { path: { id }, header };
    return await call(
      (transport) => api.GET('/api/users/{id}', { ...transport, params }),
      (answered) =>
        ifNoneMatch !== undefined && answered.response.status === 304
          ? { kind: 'unchanged' }
          : { kind: 'found', ...versioned(answered) },
      options,
    );
  }

  return {
    create: async (body, options = {}) => {
      const sent = written(body);
      const params = { header: keyOfCall() };
      return await call(
        (transport) => api.POST('/api/users', { ...transport, ...sent, params }),
        (answered) => ({ ...versioned(answered), isNew: answered.response.status === 201 }),
        options,
      );
    },
    get,
    getEnriched: async (id, options = {}) => {
      const params = { path: { id } };
      return await call(
        (transport) => api.GET('/api/users/{id}/enriched', { ...transport, params }),
        enriched,
        options,
      );
    },
    list: (query = {}, options = {}) =>
      pages(query.cursor, async (cursor) => {
        const params = { query: { ...query, ...cursor } };
        return await call((transport) => api.GET('/api/users', { ...transport, params }), page, options);
      }),
    update: async (id, body, { ifMatch, ...options } = {}) => {
      const sent = written(body);
      const params = { path: { id }, header: { ...keyOfCall(), ...condition(ifMatch) } };
      return await call(
        (transport) => api.PUT('/api/users/{id}', { ...transport, ...sent, params }),
        versioned,
        options,
      );
    },
    patch: async (id, body, { ifMatch, ...options } = {}) => {
      const sent = written(body);
      const params = { path: { id }, header: { ...keyOfCall(), ...condition(ifMatch) } };
      const headers = { 'Content-Type': 'application/merge-patch+json' };
      return await call(
        (transport) => api.PATCH('/api/users/{id}', { ...transport, ...sent, params, headers }),
        versioned,
        options,
      );
    },
    remove: async (id, { ifMatch, ...options } = {}) => {
      const params = { path: { id }, header: { ...keyOfCall(), ...condition(ifMatch) } };
      await call((transport) => api.DELETE('/api/users/{id}', { ...transport, params }), nothing, options);
    },
    changes: (id, query = {}, options = {}) =>
      pages(query.cursor, async (cursor) => {
        const params = { path: { id }, query: { ...query, ...cursor } };
        return await call((transport) => api.GET('/api/users/{id}/changes', { ...transport, params }), page, options);
      }),
  };
}

function addressOf(baseUrl: string): string {
  const { protocol, origin, pathname, href } = new URL(baseUrl);
  // What has more to it than that would be sent somewhere else, or not at all.
  const isAddress = /^https?:$/.test(protocol) && href === origin + pathname;
  if (!isAddress) throw new TypeError('The baseUrl is not http(s)://host/path.');
  return href;
}

/** One key for a call, made before its first attempt. Not `randomUUID`, which browsers keep from pages without TLS. */
function keyOfCall(): { 'Idempotency-Key': string } {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { 'Idempotency-Key': Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') };
}

/** The body as it is now, for every attempt: its caller may change the object meanwhile, and the key is that of this one. */
function written<Body>(body: Body): { body: Body; bodySerializer: () => string } {
  const json = JSON.stringify(body);
  return { body, bodySerializer: () => json };
}

function condition(ifMatch: string | undefined): { 'If-Match'?: string } {
  return ifMatch === undefined ? {} : { 'If-Match': ifMatch };
}

async function* pages<Page extends { readonly nextCursor: string | null }>(
  from: string | undefined,
  read: (cursor: { cursor?: string }) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let cursor: string | null | undefined = from;
  while (cursor !== null) {
    const page: Page = await read(cursor === undefined ? {} : { cursor });
    yield page;
    cursor = page.nextCursor;
  }
}
