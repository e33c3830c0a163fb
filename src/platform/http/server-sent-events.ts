import type { ServerResponse } from 'node:http';
import { DomainError } from '../domain-error.ts';
import { contextOf } from './request-context.ts';

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface ServerSentEvent {
  /** Grows from event to event. */
  readonly id: number;
  readonly name: string;
  /** One line. */
  readonly data: string;
}

export interface ServerSentEventsOptions {
  /**
   * What a listener has missed since the event with this id; everything, without one. It may be asked for what a listener
   * has had already: whoever receives events can be told something twice.
   */
  readonly eventSince: (id: number | undefined) => ServerSentEvent;
  readonly everyMs: number;
  /** How often a comment goes out, and by when a listener must have caught up with what it was sent. */
  readonly heartbeatMs: number;
  readonly listenersMax: number;
  /** How long a listener may take to read what it was sent before the end; 250 ms by default. */
  readonly goodbyeMs?: number;
}

interface Listener {
  /** Of an event up to which it has been told everything; undefined: none. */
  lastId: number | undefined;
  /** Whether it was found not to read at the last heartbeat, and was sent nothing since. */
  isBehind: boolean;
}

/**
 * Answers that go on until the client or the service leaves, as `text/event-stream`. While nobody listens it has no timer
 * and asks for no events.
 *
 * A listener that does not read is sent nothing more, so that what waits for it is one event and never a queue; it gets
 * what it has missed in one piece when it reads again. When it has not done so from one heartbeat to the next, its
 * connection is cut.
 */
export class ServerSentEvents {
  readonly #options: ServerSentEventsOptions;
  readonly #listeners = new Map<ServerResponse, Listener>();
  #timers: readonly NodeJS.Timeout[] = [];
  #hasEnded = false;

  constructor(options: ServerSentEventsOptions) {
    this.#options = options;
  }

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Begins the answer, with the first event.
   *
   * @param since the last event that this client has had on another connection
   * @throws DomainError `too-many-listeners`, or `shutting-down` after `end`
   */
  open(res: ServerResponse, since: number | undefined): void {
    if (this.#hasEnded) throw new DomainError('shutting-down', 'The service is about to stop.');
    if (this.size >= this.#options.listenersMax) {
      throw new DomainError('too-many-listeners', `The stream has ${this.#options.listenersMax} listeners already.`);
    }
    contextOf(res).isStream = true;
    // The connection would only be in the way of a stop.
    res.shouldKeepAlive = false;
    // nginx would keep the events until it has a few KiB of them.
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    if (res.req.method === 'HEAD') {
      res.end();
      return;
    }
    const event = this.#options.eventSince(since);
    res.write(textOf(event));
    this.#add(res, { lastId: event.id, isBehind: false });
  }

  /** Sends everybody the next event, before it is due; nothing after `end`. */
  send(): void {
    if (this.#hasEnded) return;
    const events = new Map<number | undefined, ServerSentEvent>();
    const reached: Listener[] = [];
    for (const [res, listener] of this.#listeners) {
      if (res.writableNeedDrain) continue;
      let event = events.get(listener.lastId);
      if (event === undefined) events.set(listener.lastId, (event = this.#options.eventSince(listener.lastId)));
      res.write(textOf(event));
      reached.push(listener);
    }
    // All of them know what came up to the first of these events, so that the next one is made but once. What has come
    // between the first and the last, such as the end of a second, some are told again, and nobody misses it.
    const lastId = Math.min(...Array.from(events.values(), ({ id }) => id));
    for (const listener of reached) Object.assign(listener, { lastId, isBehind: false });
  }

  /** Says goodbye to all listeners, cuts who does not hear it in time, and takes no more. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopTimers();
    if (this.size === 0) return;
    for (const res of this.#listeners.keys()) res.end('event: end\ndata: {}\n\n');
    // Whoever does not read would hold up the stop.
    this.#timers = [setTimeout(() => this.#cutAll(), this.#options.goodbyeMs ?? 250).unref()];
  }

  #add(res: ServerResponse, listener: Listener): void {
    const { everyMs, heartbeatMs } = this.#options;
    this.#listeners.set(res, listener);
    if (this.size === 1) {
      this.#timers = [
        setInterval(() => this.send(), everyMs).unref(),
        setInterval(() => this.#beat(), heartbeatMs).unref(),
      ];
    }
    res.once('close', () => {
      this.#listeners.delete(res);
      if (this.size === 0) this.#stopTimers();
    });
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #cutAll(): void {
    for (const res of this.#listeners.keys()) res.req.socket.destroy();
  }

  #beat(): void {
    for (const [res, listener] of this.#listeners) {
      if (!res.writableNeedDrain) res.write(': alive\n\n');
      else if (listener.isBehind) res.req.socket.destroy();
      else listener.isBehind = true;
    }
  }
}

function textOf({ id, name, data }: ServerSentEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`;
}
