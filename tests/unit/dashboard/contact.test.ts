import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Contact } from '../../../src/profiles/dashboard/page/contact.js';

interface Asked {
  readonly path: string;
  readonly headers: Record<string, string>;
  /** Of a stream that was answered. */
  send(text: string): void;
  end(): void;
}

type Answer = 'stream' | 'snapshot' | 'unavailable' | 'unauthorised' | 'unreachable';

/** A service whose next answers the test chooses; the last one chosen is given until there is another. */
class ScriptedService {
  readonly asked: Asked[] = [];
  answer: Answer = 'stream';

  readonly fetch = async (path: string, init: { headers: Record<string, string>; signal: AbortSignal }) => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const send = (text: string) => controller?.enqueue(new TextEncoder().encode(text));
    this.asked.push({ path, headers: init.headers, send, end: () => controller?.close() });
    if (this.answer === 'unreachable') throw new TypeError('fetch failed');
    if (this.answer === 'unauthorised') return new Response(null, { status: 401 });
    if (this.answer === 'unavailable' || (this.answer === 'snapshot' && path.includes('/stream'))) {
      return new Response(null, { status: 503 });
    }
    if (this.answer === 'snapshot') return Response.json({ id: 9 });
    const body = new ReadableStream<Uint8Array>({ start: (started) => (controller = started) });
    init.signal.addEventListener('abort', () => controller?.error(init.signal.reason));
    return new Response(body);
  };
}

const SNAPSHOT = 'event: snapshot\ndata: {"id":7}\n\n';
const realFetch = globalThis.fetch;
let service: ScriptedService;
let states: string[];
let snapshots: unknown[];
let lastId: number | null;
let token: string | null;
let contact: Contact;

beforeEach(() => {
  jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
  service = new ScriptedService();
  globalThis.fetch = service.fetch as unknown as typeof fetch;
  states = [];
  snapshots = [];
  lastId = null;
  token = null;
  contact = newContact();
  void contact.keep();
});

function newContact(): Contact {
  return new Contact({
    onSnapshot: (snapshot: { id: number }) => {
      snapshots.push(snapshot);
      lastId = snapshot.id;
    },
    onState: (state: string, heardAt: number) => states.push(`${state} ${heardAt}`),
    lastId: () => lastId,
    token: () => token,
  });
}

afterEach(() => {
  // What is left of the contact waits for timers that are gone.
  jest.clearAllTimers();
  jest.useRealTimers();
  globalThis.fetch = realFetch;
});

/** Streams hand on over several turns of the event loop. */
async function pass(milliseconds: number) {
  await jest.advanceTimersByTimeAsync(milliseconds);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const paths = () => service.asked.map(({ path }) => path);

describe('the page’s contact with the service', () => {
  it('is live as soon as the stream brings a snapshot', async () => {
    await pass(0);
    service.asked[0]?.send(SNAPSHOT);
    await pass(100);
    expect(snapshots).toEqual([{ id: 7 }]);
    expect(states).toEqual([expect.stringMatching(/^live /)]);
  });

  it('is lost after three seconds of silence, and names the time of the last sound', async () => {
    await pass(1000);
    service.asked[0]?.send(SNAPSHOT);
    await pass(0);
    await pass(2900);
    expect(states).toEqual(['live 1000']);
    await pass(200);
    expect(states).toEqual(['live 1000', 'lost 1000']);
  });

  it('resumes from the last snapshot it has, and is live again', async () => {
    await pass(0);
    service.asked[0]?.send(SNAPSHOT);
    await pass(0);
    await pass(4000);
    expect(service.asked[1]).toMatchObject({ path: '/ops/resilience/stream', headers: { 'last-event-id': '7' } });
    service.asked[1]?.send('event: snapshot\ndata: {"id":8}\n\n');
    await pass(0);
    expect(snapshots).toEqual([{ id: 7 }, { id: 8 }]);
    expect(states.at(-1)).toMatch(/^live /);
  });

  it('polls after the stream has failed twice, and names the last snapshot it has', async () => {
    service.answer = 'snapshot';
    contact.tryAgain();
    await pass(0);
    // The first stream was answered before the service changed its mind: silence ends it.
    for (let second = 0; second < 12; second += 1) await pass(1000);
    expect(paths().slice(0, 3)).toEqual(['/ops/resilience/stream', '/ops/resilience/stream', '/ops/resilience']);
    expect(paths()).toContain('/ops/resilience?since=9');
    expect(states.at(-1)).toMatch(/^polling /);
  });

  it('asks ever more rarely, but goes on asking, while nobody is there', async () => {
    service.answer = 'unreachable';
    for (let second = 0; second < 60; second += 1) await pass(1000);
    expect(states).toEqual(['lost 0']);
    expect(paths().length).toBeGreaterThan(12);
    expect(paths().length).toBeLessThan(25);
  });

  it('asks for nothing while it rests, and resumes without having lost contact', async () => {
    await pass(0);
    service.asked[0]?.send(SNAPSHOT);
    await pass(0);
    contact.rest();
    await pass(60_000);
    expect(paths()).toHaveLength(1);
    contact.tryAgain();
    await pass(0);
    expect(service.asked[1]).toMatchObject({ path: '/ops/resilience/stream', headers: { 'last-event-id': '7' } });
    service.asked[1]?.send('event: snapshot\ndata: {"id":8}\n\n');
    await pass(0);
    expect(states).toEqual(['live 0']);
  });

  it('asks for nothing while it rests from polls', async () => {
    service.answer = 'snapshot';
    for (let second = 0; second < 12; second += 1) await pass(1000);
    contact.rest();
    const before = service.asked.length;
    await pass(60_000);
    expect(service.asked).toHaveLength(before);
    contact.tryAgain();
    await pass(0);
    expect(paths()).toHaveLength(before + 1);
    expect(states.at(-1)).toMatch(/^polling /);
  });

  it('asks for nothing while it rests from a wait for the next attempt', async () => {
    await pass(0);
    service.asked[0]?.end();
    await pass(0);
    contact.rest();
    await pass(60_000);
    expect(paths()).toHaveLength(1);
    contact.tryAgain();
    await pass(0);
    expect(paths()).toHaveLength(2);
    expect(states).toEqual([]);
  });

  it('asks for nothing when it rests from its beginning, as on a page that is opened in the background', async () => {
    const opened = newContact();
    const before = service.asked.length;
    contact.rest();
    opened.rest();
    void opened.keep();
    await pass(60_000);
    expect(service.asked).toHaveLength(before);
    opened.tryAgain();
    await pass(0);
    service.asked.at(-1)?.send(SNAPSHOT);
    await pass(0);
    expect(states).toEqual(['live 60000']);
  });

  it('is lost after three seconds of silence when the clock was put back, too', async () => {
    await pass(0);
    service.asked[0]?.send(SNAPSHOT);
    await pass(0);
    jest.setSystemTime(-3_600_000);
    service.asked[0]?.end();
    await pass(4000);
    expect(states).toEqual(['live 0', 'lost 0']);
  });

  it('waits for a token after a refusal, and sends it', async () => {
    service.answer = 'unauthorised';
    for (let second = 0; second < 10; second += 1) await pass(1000);
    const before = service.asked.length;
    expect(states.at(-1)).toMatch(/^refused /);
    await pass(60_000);
    expect(service.asked).toHaveLength(before);
    token = 'secret';
    service.answer = 'stream';
    contact.tryAgain();
    await pass(0);
    expect(service.asked.at(-1)?.headers).toMatchObject({ authorization: 'Bearer secret' });
    service.asked.at(-1)?.send(SNAPSHOT);
    await pass(0);
    expect(states.at(-1)).toBe(`live ${Date.now()}`);
  });
});
