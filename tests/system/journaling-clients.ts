import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { HttpAnswer, HttpClient, HttpMethod } from './acceptance/http-client.ts';
import type { UserBody } from './acceptance/target.ts';

/** A request with a key, which is the same request however often it is sent. */
export interface Write {
  readonly key: string;
  readonly method: HttpMethod;
  readonly path: string;
  readonly json?: unknown;
}

/** What the client was told about it, in the end. */
export interface Acknowledgement {
  readonly write: Write;
  readonly status: number;
  readonly text: string;
}

/** Clients that write, each one request after the other, and keep a journal of it on the disk. */
export interface JournalingClients {
  readonly acknowledged: number;
  /** How often a request was sent again, because it got no answer or one that says to come back. */
  readonly repeated: number;
  /** Of the repetitions, those that found the request carried out. */
  readonly replayed: number;
  /** Lets every request come to its answer. */
  stop(): Promise<void>;
}

const clients = 6;
const thinkMs = 10;
const comeBackMs = 50;
/** A request that is not answered by then has been forgotten. */
const patienceMs = 90_000;

export function startJournalingClients(api: HttpClient, journalFile: string): JournalingClients {
  const stopping = new AbortController();
  const counts = { acknowledged: 0, repeated: 0, replayed: 0 };
  const note = (line: object) => appendFileSync(journalFile, `${JSON.stringify(line)}\n`);

  /** Written down before it is sent, and again when it is answered. */
  async function carryOut(method: HttpMethod, path: string, json?: object): Promise<HttpAnswer> {
    const write: Write = { key: randomUUID(), method, path, ...(json === undefined ? {} : { json }) };
    note({ sent: write });
    const answer = await untilAnswered(write);
    note({ acknowledged: { write, status: answer.status, text: answer.text } satisfies Acknowledgement });
    counts.acknowledged += 1;
    if (answer.headers['idempotency-replayed'] === 'true') counts.replayed += 1;
    return answer;
  }

  async function untilAnswered(write: Write): Promise<HttpAnswer> {
    const expiresAt = performance.now() + patienceMs;
    for (;;) {
      const answer = await sendWrite(api, write).catch(() => undefined);
      if (answer !== undefined && !saysToComeBack(answer)) return answer;
      if (performance.now() > expiresAt) throw new Error(`No answer to ${JSON.stringify(write)}: ${answer?.text}`);
      counts.repeated += 1;
      await pause(comeBackMs);
    }
  }

  const create = async (): Promise<UserBody> => {
    const email = `${randomUUID()}@example.com`;
    return (await carryOut('POST', '/api/users', { name: 'New', email })).json as UserBody;
  };
  const update = async ({ id }: UserBody): Promise<void> => {
    await carryOut('PATCH', `/api/users/${id}`, { name: randomUUID() });
  };

  /** Users that live on and one that is deleted, and one that all clients change at once. */
  async function client(shared: UserBody): Promise<void> {
    while (!stopping.signal.aborted) {
      const user = await create();
      await update(user);
      await update(shared);
      await update(user);
      const passing = await create();
      await carryOut('DELETE', `/api/users/${passing.id}`);
      await pause(thinkMs);
    }
  }

  const running = create().then((shared) => Promise.all(Array.from({ length: clients }, () => client(shared))));
  // It is awaited at the end; a client that has failed by then is no unhandled rejection.
  running.catch(() => {});
  return {
    get acknowledged() {
      return counts.acknowledged;
    },
    get repeated() {
      return counts.repeated;
    },
    get replayed() {
      return counts.replayed;
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

export async function sendWrite(api: HttpClient, { key, method, path, json }: Write): Promise<HttpAnswer> {
  return await api.send(method, path, { headers: { 'idempotency-key': key }, ...(json === undefined ? {} : { json }) });
}

/** Any other answer is final, a 500 too: the journal keeps it, and the test sees it. */
function saysToComeBack({ status, json }: HttpAnswer): boolean {
  const { code } = (json ?? {}) as { code?: string };
  return status === 503 || (status === 409 && code === 'request-in-progress');
}

/** What the clients know, from their disk. */
export function readJournal(file: string): {
  readonly sent: readonly Write[];
  readonly acknowledged: readonly Acknowledgement[];
} {
  const sent: Write[] = [];
  const acknowledged: Acknowledgement[] = [];
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const entry = JSON.parse(line) as { sent?: Write; acknowledged?: Acknowledgement };
    if (entry.sent !== undefined) sent.push(entry.sent);
    if (entry.acknowledged !== undefined) acknowledged.push(entry.acknowledged);
  }
  return { sent, acknowledged };
}
