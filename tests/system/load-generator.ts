import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What a load generator is to do; it runs in a process of its own, and prints a `LoadReport`. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second, sent whether or not those before them have been answered; null: each connection waits. */
  readonly perSecond: number | null;
  /** Of all requests, those that create a user; the others read one. */
  readonly writeShare: number;
  /** To be read. */
  readonly userIds: readonly string[];
}

export interface LoadReport {
  readonly seconds: number;
  /** How many were sent, and how many should have been but found every connection busy. */
  readonly sent: number;
  readonly unsent: number;
  /** Answers by status. */
  readonly statuses: Record<string, number>;
  /** Answers of 503 that do not say when to come back. */
  readonly withoutRetryAfter: number;
  /** Connections that ended before their answer. */
  readonly broken: number;
  /** Of the answers that were successes, from the sending of their request. */
  readonly acceptedMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of the refusals. */
  readonly refusedMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

const tickMs = 2;

/** One connection that is kept, with at most one request on its way. */
class Client {
  readonly #port: number;
  readonly #onAnswer: (status: number, hasRetryAfter: boolean, durationMs: number) => void;
  readonly #onBroken: () => void;
  #socket: Socket | undefined;
  #received = '';
  #sentAt = 0;
  #answered: (() => void) | undefined;

  constructor(
    port: number,
    onAnswer: (status: number, hasRetryAfter: boolean, durationMs: number) => void,
    onBroken: () => void,
  ) {
    this.#port = port;
    this.#onAnswer = onAnswer;
    this.#onBroken = onBroken;
  }

  /** Resolves when it has been answered, or the connection has gone. */
  async send(request: string): Promise<void> {
    this.#socket ??= this.#open();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#answered = resolve;
    this.#received = '';
    this.#sentAt = performance.now();
    this.#socket.write(request);
    await promise;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#socket = undefined;
      if (this.#answered === undefined) return;
      this.#onBroken();
      this.#end();
    });
    return socket;
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const headersEnd = this.#received.indexOf('\r\n\r\n');
    if (headersEnd < 0) return;
    const headers = this.#received.slice(0, headersEnd).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(headers)?.[1] ?? 0);
    if (this.#received.length < headersEnd + 4 + length) return;
    const status = Number(headers.slice(9, 12));
    this.#onAnswer(status, /\r\nretry-after: [1-9]/.test(headers), performance.now() - this.#sentAt);
    if (headers.includes('\r\nconnection: close')) this.#socket?.destroy();
    this.#end();
  }

  #end(): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.();
  }
}

async function generate(order: LoadOrder): Promise<LoadReport> {
  const accepted: number[] = [];
  const refused: number[] = [];
  const counts = { sent: 0, unsent: 0, withoutRetryAfter: 0, broken: 0 };
  const statuses: Record<string, number> = {};
  const onAnswer = (status: number, hasRetryAfter: boolean, durationMs: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status < 300) accepted.push(durationMs);
    else refused.push(durationMs);
    if (status === 503 && !hasRetryAfter) counts.withoutRetryAfter += 1;
  };
  const clients = Array.from(
    { length: order.connections },
    () => new Client(order.port, onAnswer, () => void (counts.broken += 1)),
  );
  const startedAt = performance.now();
  const endsAt = startedAt + order.seconds * 1_000;
  const send = async (client: Client): Promise<void> => {
    counts.sent += 1;
    await client.send(nextRequest(order, counts.sent));
  };

  if (order.perSecond === null) {
    const loops = clients.map(async (client) => {
      while (performance.now() < endsAt) await send(client);
    });
    await Promise.all(loops);
  } else {
    const idle = [...clients];
    const busy = new Set<Promise<void>>();
    for (let due = 0; performance.now() < endsAt; await pause(tickMs)) {
      const target = ((performance.now() - startedAt) / 1_000) * order.perSecond;
      for (; due < target; due++) {
        const client = idle.pop();
        if (client === undefined) {
          counts.unsent += 1;
          continue;
        }
        const sending = send(client).finally(() => {
          idle.push(client);
          busy.delete(sending);
        });
        busy.add(sending);
      }
    }
    await Promise.all(busy);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const client of clients) client.close();
  return { seconds, statuses, ...counts, acceptedMs: spread(accepted), refusedMs: spread(refused) };
}

/** Reads and creates in turns, so that every part of a run has its share of both. */
function nextRequest({ port, writeShare, userIds }: LoadOrder, number: number): string {
  const isWrite = Math.floor(number * writeShare) !== Math.floor((number - 1) * writeShare);
  if (!isWrite) {
    return `GET /api/users/${userIds[number % userIds.length]} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  }
  const body = JSON.stringify({ name: 'Load', email: `${randomUUID()}@example.com` });
  return `POST /api/users HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function spread(durations: readonly number[]): LoadReport['acceptedMs'] {
  const sorted = durations.toSorted((one, other) => one - other);
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const order: LoadOrder = JSON.parse(process.argv[2] ?? '');
process.stdout.write(`${JSON.stringify(await generate(order))}\n`);
