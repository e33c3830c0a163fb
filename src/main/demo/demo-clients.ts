import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createHttpExchange, type HttpExchange, type HttpOutcome, runOpenLoop } from '../../traffic/index.ts';
import type { DemoWrite, SecondInTheMaking } from './demo-figures.ts';

const timeoutMs = 10_000;
const userCount = 24;
const rates = { enriched: 8, read: 10, write: 3 };
/** Users are in the memory of the process: of the reads, lists alone tell how the database is. */
const readsPerList = 3;
/** All users. */
const listPath = '/api/users?limit=100';
const inFlightMax = 200;
/** Half of `DATABASE_POOL_MAX`: a change that waits keeps a connection, and a read that finds none waits as well. */
const changesAtOnceMax = 5;
/** In all, for one change and its repeats. */
const writeDeadlineMs = 20_000;

/** Clients who look at profiles, as many each second whatever happens, and change some, but few at once. */
export class DemoClients {
  readonly #exchange: HttpExchange;
  readonly #second: () => SecondInTheMaking;
  readonly #ids = Array.from({ length: userCount }, (_, n) => `demo-${n}`);
  /** Changes of each user that were answered as made. */
  readonly #acknowledged = new Map<string, number>();
  readonly writes: DemoWrite[] = [];
  #waitingWrites = 0;
  #enrichedReads = 0;
  #reads = 0;

  /** @param second where what happens now is counted */
  constructor(url: string, second: () => SecondInTheMaking) {
    this.#exchange = createHttpExchange(url, timeoutMs);
    this.#second = second;
  }

  get waitingWrites(): number {
    return this.#waitingWrites;
  }

  /** @throws Error when a user cannot be created */
  async createUsers(): Promise<void> {
    for (const id of this.#ids) {
      const body = { id, name: `Demo ${id}`, email: `${id}@example.com` };
      const created = await this.#exchange({ method: 'POST', path: '/api/users', body });
      if (created.kind !== 'answered' || created.status !== 201) throw new Error('A user could not be created.');
    }
  }

  /** Until the signal; the last answers are waited for. */
  async run(signal: AbortSignal): Promise<void> {
    const read = (rate: number, send: () => Promise<void>) =>
      runOpenLoop({ rate, signal, send, inFlightMax, onUnsent: () => this.#second().failed() });
    const write = async (): Promise<void> => {
      this.#waitingWrites += 1;
      await this.#write();
      this.#waitingWrites -= 1;
    };
    await Promise.all([
      read(rates.enriched, () => this.#readEnriched()),
      read(rates.read, () => this.#read()),
      runOpenLoop({ rate: rates.write, signal, send: write, inFlightMax: changesAtOnceMax, onUnsent: () => {} }),
    ]);
  }

  /**
   * How many changes were answered as made and were not made exactly once, by the versions of the users in the database:
   * the process remembers a change whether or not it is there.
   */
  async countLostOrDoubled(): Promise<number> {
    const versions = versionsIn(await this.#exchange({ method: 'GET', path: listPath }));
    let wrong = 0;
    for (const id of this.#ids) {
      const expected = 1 + (this.#acknowledged.get(id) ?? 0);
      const version = versions.get(id);
      wrong += version === undefined ? 1 : Math.abs(version - expected);
    }
    return wrong;
  }

  async #readEnriched(): Promise<void> {
    // In turn: whoever asks for a user who is being asked for joins that call, and waits for less.
    const id = this.#ids[this.#enrichedReads++ % userCount] ?? '';
    const outcome = await this.#exchange({ method: 'GET', path: `/api/users/${id}/enriched` });
    if (outcome.kind === 'answered' && outcome.status === 200)
      this.#second().enriched(outcome.durationMs, outcome.json?.['enrichedDataStatus'] !== 'unavailable');
    else this.#second().failed();
  }

  async #read(): Promise<void> {
    const isList = this.#reads++ % readsPerList === 0;
    const outcome = await this.#exchange({ method: 'GET', path: isList ? listPath : `/api/users/${this.#anyId()}` });
    if (outcome.kind === 'answered' && outcome.status === 200) this.#second().read(outcome.durationMs);
    else this.#second().failed();
  }

  /** As a client does that must know: when it is asked to come again, it does, under the same key. */
  async #write(): Promise<void> {
    const id = this.#anyId();
    const headers = { 'Idempotency-Key': randomUUID() };
    const body = { displayName: `Changed ${this.writes.length}` };
    const beganAt = performance.now();
    for (let repeats = 0; ; repeats++) {
      const outcome = await this.#exchange({ method: 'PUT', path: `/api/users/${id}`, headers, body });
      const durationMs = performance.now() - beganAt;
      if (outcome.kind === 'answered' && outcome.status === 200) {
        this.#acknowledged.set(id, (this.#acknowledged.get(id) ?? 0) + 1);
        this.writes.push({ durationMs, repeats });
        this.#second().written();
        return;
      }
      const retryAfter = outcome.kind === 'answered' ? outcome.headers.get('retry-after') : null;
      if (retryAfter === null || durationMs > writeDeadlineMs) {
        this.#second().failed();
        return;
      }
      await delay(Number(retryAfter) * 1_000);
    }
  }

  #anyId(): string {
    return this.#ids[Math.floor(Math.random() * userCount)] ?? '';
  }
}

/** By id; none when the answer is no list of users. */
function versionsIn(list: HttpOutcome): ReadonlyMap<string, number> {
  const users = list.kind === 'answered' ? list.json?.['data'] : undefined;
  const versions = new Map<string, number>();
  for (const { id, version } of Array.isArray(users) ? users : []) {
    if (typeof id === 'string' && typeof version === 'number') versions.set(id, version);
  }
  return versions;
}
