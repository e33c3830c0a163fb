import type { ServerResponse } from 'node:http';

/** Changes within this time travel together, so a load test costs the page 20 redraws a second and no more. */
const GATHER_MS = 50;
/** A snapshot goes out at least this often; the page takes a longer silence for lost contact. */
const HEARTBEAT_MS = 2000;
/** How soon a browser comes back after the stream has ended. */
const RECONNECT_MS = 1000;

/**
 * Server-sent events: every event is the whole picture, so a reader that missed some is right again with the next one,
 * and a slow reader holds back one event instead of a queue of them.
 */
export class LiveFeed {
  readonly #snapshot: () => unknown;
  readonly #streams = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #gathering = false;

  constructor(snapshot: () => unknown) {
    this.#snapshot = snapshot;
  }

  /** Turns the response into a stream that lasts until the caller leaves or the server closes its connection. */
  open(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(`retry: ${RECONNECT_MS}\n${this.#event()}`);
    response.once('close', () => {
      this.#streams.delete(response);
      if (this.#streams.size === 0) this.#rest();
    });
    this.#streams.add(response);
    if (this.#streams.size === 1) this.#sendIn(HEARTBEAT_MS);
  }

  /** Says that the snapshot has changed; readers get it within 50 ms. */
  changed(): void {
    if (this.#gathering || this.#streams.size === 0) return;
    this.#gathering = true;
    this.#sendIn(GATHER_MS);
  }

  #sendIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), delayMs);
  }

  #send(): void {
    this.#gathering = false;
    const event = this.#event();
    for (const stream of this.#streams) {
      if (!stream.writableNeedDrain) stream.write(event);
    }
    this.#sendIn(HEARTBEAT_MS);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#gathering = false;
  }

  #event(): string {
    return `data: ${JSON.stringify(this.#snapshot())}\n\n`;
  }
}
