import { randomUUID } from 'node:crypto';
import { type HttpCall, type HttpExchange, type HttpOutcome, isRecord } from './http-exchange.ts';
import type { KnownUsers } from './known-users.ts';
import { pickKind, type RequestKind, zipfIndex } from './request-mix.ts';

const pageSize = 100;
const pagesMax = 10;
const firstUsers = 50;

/**
 * Clients of the API, which know what its answers have told them: whom there is, and in which version.
 *
 * @param options.random uniform in [0, 1)
 */
export class TrafficClients {
  readonly #exchange: HttpExchange;
  readonly #users: KnownUsers;
  readonly #random: () => number;
  /** No two runs create users with the same addresses. */
  readonly #run = randomUUID().slice(0, 8);
  #created = 0;

  constructor(exchange: HttpExchange, options: { readonly users: KnownUsers; readonly random: () => number }) {
    this.#exchange = exchange;
    this.#users = options.users;
    this.#random = options.random;
  }

  /**
   * Finds out whom there is, and creates users where there are only a few.
   *
   * @returns the status, or the system's code, of what went wrong; null when they are known
   */
  async meetUsers(): Promise<string | null> {
    let cursor: string | null = null;
    for (let page = 0; page < pagesMax; page++) {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const outcome: HttpOutcome = await this.#exchange({
        method: 'GET',
        path: `/api/users?limit=${pageSize}&sort=-createdAt${query}`,
      });
      if (outcome.kind === 'unanswered') return outcome.reason;
      if (outcome.status !== 200) return `${outcome.status}`;
      const { data, nextCursor } = outcome.json ?? {};
      if (Array.isArray(data)) for (const user of data) this.#noteUser(user, null);
      if (typeof nextCursor !== 'string') break;
      cursor = nextCursor;
    }
    while (this.#users.count < firstUsers) {
      const outcome = await this.send('create');
      if (outcome.kind === 'unanswered') return outcome.reason;
      if (outcome.status !== 201) return `${outcome.status}`;
    }
    return null;
  }

  /** What one client sends next. `meetUsers` has found somebody before. */
  async sendAny(): Promise<{ readonly kind: RequestKind; readonly outcome: HttpOutcome }> {
    const kind = pickKind(this.#random());
    return { kind, outcome: await this.send(kind) };
  }

  async send(kind: RequestKind): Promise<HttpOutcome> {
    const outcome = await this.#exchange(this.#callOf(kind));
    if (outcome.kind === 'answered' && (outcome.status === 200 || outcome.status === 201) && kind !== 'read-enriched')
      this.#noteUser(outcome.json, outcome.headers.get('etag'));
    return outcome;
  }

  #callOf(kind: RequestKind): HttpCall {
    if (kind === 'list') return { method: 'GET', path: `/api/users?limit=20&sort=-createdAt` };
    if (kind === 'search') return { method: 'GET', path: `/api/users?limit=10&q=${this.#letter()}` };
    if (kind === 'read-missing') return { method: 'GET', path: `/api/users/nobody-${randomUUID()}` };
    if (kind === 'create') return this.#create();
    const { id, etag } = this.#users.at(zipfIndex(this.#random(), this.#users.count));
    const path = `/api/users/${id}`;
    if (kind === 'read-enriched') return { method: 'GET', path: `${path}/enriched` };
    if (kind === 'update') {
      return {
        method: 'PUT',
        path,
        headers: { 'Idempotency-Key': randomUUID(), ...(etag === null ? {} : { 'If-Match': etag }) },
        body: { displayName: `Traffic ${this.#letter()}${Math.floor(this.#random() * 1_000)}` },
      };
    }
    const isConditional = kind === 'read-unchanged' && etag !== null;
    return { method: 'GET', path, ...(isConditional ? { headers: { 'If-None-Match': etag } } : {}) };
  }

  #create(): HttpCall {
    const number = ++this.#created;
    return {
      method: 'POST',
      path: '/api/users',
      headers: { 'Idempotency-Key': randomUUID() },
      body: { name: `Traffic ${number}`, email: `traffic.${this.#run}.${number}@example.com` },
    };
  }

  #letter(): string {
    return 'abcdefghijklmnopqrstuvwxyz'.charAt(Math.floor(this.#random() * 26));
  }

  #noteUser(user: unknown, etag: string | null): void {
    if (isRecord(user) && typeof user['id'] === 'string') this.#users.note(user['id'], etag);
  }
}
