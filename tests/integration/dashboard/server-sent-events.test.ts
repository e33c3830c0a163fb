import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ServerSentEvents, type ServerSentEventsOptions } from '../../../src/platform/http/server-sent-events.ts';
import type { HttpEvent } from '../../../src/platform/http/http-events.ts';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { type HttpServer, startHttpServer } from '../../../src/platform/http/server.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import type { HistoryPoint } from '../../../src/profiles/dashboard/resilience-snapshot.ts';
import { eventually } from '../../helpers/eventually.ts';
import { beginning, monitorOnVirtualTime } from '../../unit/dashboard/monitor-fixture.ts';
import { answerOf, Listening } from './ops-scene.ts';

/** More than the buffers of two sockets take, so that whoever does not read holds it up at once. */
const long = 'x'.repeat(8 * 1024 * 1024);

let server: HttpServer | undefined;
let stream: ServerSentEvents;
/** What was asked for, in turn: behind which event. */
let asked: (number | undefined)[];

afterEach(async () => {
  jest.restoreAllMocks();
  stream.end();
  await server?.stop(0);
});

/** A server whose every answer is the stream. */
async function start(
  options: Partial<ServerSentEventsOptions> & { readonly text?: string; readonly textOfFirst?: string } = {},
): Promise<string> {
  const { text = 'short', textOfFirst = text, ...rest } = options;
  asked = [];
  let id = 0;
  stream = new ServerSentEvents({
    eventSince: (since) => {
      asked.push(since);
      id += 1;
      return { id, name: 'thing', data: JSON.stringify({ id, text: since === undefined ? textOfFirst : text }) };
    },
    everyMs: 20,
    heartbeatMs: 100,
    listenersMax: 10,
    ...rest,
  });
  const events = new EventStream<HttpEvent>((error) => {
    throw error;
  });
  server = await startHttpServer(
    (req, res) => {
      const since = req.headers['last-event-id'];
      stream.open(res, since === undefined ? undefined : Number(since));
    },
    { host: '127.0.0.1', port: 0, events, problems: createProblemCatalogue(platformProblems) },
  );
  return `http://127.0.0.1:${server.port}/`;
}

describe('Answers that go on as a stream of events', () => {
  it('begin with what was missed, and then tell each time what is new', async () => {
    const url = await start();
    const listening = await Listening.to(url, { 'Last-Event-ID': '41' });
    await eventually(() => expect(listening.events.length).toBeGreaterThan(3));

    expect(asked.slice(0, 4)).toEqual([41, 1, 2, 3]);
    expect(listening.events.slice(0, 2)).toEqual([
      { id: '1', event: 'thing', data: { id: 1, text: 'short' } },
      { id: '2', event: 'thing', data: { id: 2, text: 'short' } },
    ]);
    listening.leave();
  });

  it('are made once for all that have had the same, and those who came at different times soon have', async () => {
    const url = await start({ everyMs: 3_600_000 });
    const all = [await Listening.to(url), await Listening.to(url), await Listening.to(url)];
    stream.send();
    asked = [];
    stream.send();
    stream.send();

    expect(asked).toEqual([4, 7]);
    await eventually(() => expect(all.map(({ last }) => last.id)).toEqual(['8', '8', '8']));
    for (const each of all) each.leave();
  });

  it('leave nobody without a second that ends between two of those that are sent together', async () => {
    const { monitor, time } = monitorOnVirtualTime();
    let passingMs = 0;
    const url = await start({
      everyMs: 3_600_000,
      eventSince: (since) => {
        const snapshot = monitor.snapshot(since);
        time.stall(passingMs);
        return { id: snapshot.id, name: 'snapshot', data: JSON.stringify(snapshot) };
      },
    });
    const all = [await Listening.to(url), await Listening.to(url)];
    // For the first of them the second goes on, for the other it has ended.
    passingMs = 1_000;
    stream.send();
    passingMs = 0;
    stream.send();

    await eventually(() => expect(all.map(({ events }) => events.length)).toEqual([3, 3]));
    for (const each of all) {
      const points = each.events.flatMap(({ data }) => data['points'] as readonly HistoryPoint[]);
      expect(new Set(points.map(({ at }) => at))).toEqual(new Set([beginning, beginning + 1_000]));
      each.leave();
    }
  });

  it('ask for nothing and have no timers while nobody listens', async () => {
    const begun = jest.spyOn(globalThis, 'setInterval');
    const ended = jest.spyOn(globalThis, 'clearInterval');
    const url = await start();
    begun.mockClear();
    const own = () => begun.mock.calls.filter(([, ms]) => ms === 20 || ms === 100).length;
    expect(own()).toBe(0);

    const [one, other] = [await Listening.to(url), await Listening.to(url)];
    expect(own()).toBe(2);
    one.leave();
    await eventually(() => expect(stream.size).toBe(1));
    const timers = new Set(begun.mock.results.map(({ value }) => value));
    expect(ended.mock.calls.filter(([timer]) => timers.has(timer))).toEqual([]);
    other.leave();
    await eventually(() => expect(stream.size).toBe(0));

    expect(ended.mock.calls.filter(([timer]) => timers.has(timer))).toHaveLength(2);
    asked = [];
    stream.send();
    expect(asked).toEqual([]);
  });

  it('have a comment now and then as a sign of life', async () => {
    const listening = await Listening.to(await start({ everyMs: 3_600_000, heartbeatMs: 20 }));
    await eventually(() => expect(listening.comments.length).toBeGreaterThan(1));
    expect(listening.events).toHaveLength(1);
    listening.leave();
  });

  it('skip whoever does not read, cut him at the second heartbeat, and go on for the others', async () => {
    const url = await start({ textOfFirst: long, heartbeatMs: 200 });
    const idle = await answerOf(url);
    let wasCut = false;
    idle.on('error', () => (wasCut = true));
    const reading = await Listening.to(url, { 'Last-Event-ID': '0' });
    await eventually(() => expect(stream.size).toBe(1));
    // Nobody has asked what comes behind the event that is stuck.
    expect(asked.slice(0, 3)).toEqual([undefined, 0, 2]);
    expect(asked).not.toContain(1);

    const heard = reading.events.length;
    await eventually(() => expect(reading.events.length).toBeGreaterThan(heard + 3));
    idle.resume();
    await eventually(() => expect(wasCut).toBe(true));
    reading.leave();
  });

  it('give whoever reads again, before he is cut, what he has missed', async () => {
    const url = await start({ text: long, everyMs: 3_600_000, heartbeatMs: 3_600_000 });
    const reading = await Listening.to(url);
    await eventually(() => expect(reading.events).toHaveLength(1));
    reading.response.pause();
    stream.send();
    expect(asked).toEqual([undefined, 1]);
    stream.send();
    stream.send();
    expect(asked).toEqual([undefined, 1]);

    reading.response.resume();
    await eventually(() => expect(reading.events).toHaveLength(2));
    stream.send();
    expect(asked).toEqual([undefined, 1, 2]);
    await eventually(() => expect(reading.last.id).toBe('3'));
    reading.leave();
  });

  it('end with a goodbye, cut whoever does not read, and are not begun any more', async () => {
    const url = await start({ everyMs: 3_600_000 });
    const listening = await Listening.to(url);
    const startedAt = performance.now();
    stream.end();
    expect(await server?.stop(10_000)).toBe(0);

    expect(performance.now() - startedAt).toBeLessThan(500);
    await eventually(() => expect(listening.hasEnded).toBe(true));
    expect(listening.last).toEqual({ id: undefined, event: 'end', data: {} });
    expect(listening.response.headers.connection).toBe('close');
  });

  it('are sent nothing behind the goodbye, whatever is due by then', async () => {
    const url = await start({ everyMs: 1, heartbeatMs: 1 });
    const all = [await Listening.to(url), await Listening.to(url), await Listening.to(url)];
    await eventually(() => expect(all.map(({ events }) => events.length > 0)).toEqual([true, true, true]));
    stream.end();
    asked = [];
    stream.send();
    stream.end();
    // Node.js throws what is written behind an end at nobody, which would end the process.
    await eventually(() => expect(all.map(({ hasEnded }) => hasEnded)).toEqual([true, true, true]));
    expect(asked).toEqual([]);
    expect(all.map(({ last }) => last.event)).toEqual(['end', 'end', 'end']);
  });

  it('say goodbye to whoever is still reading what he was sent, and cut whoever does not read', async () => {
    // Eight megabytes take a busy machine longer than a listener is given in production.
    const goodbyeMs = 3_000;
    const url = await start({ text: long, everyMs: 3_600_000, heartbeatMs: 3_600_000, goodbyeMs });
    const [slow, idle] = [await Listening.to(url), await answerOf(url)];
    stream.end();
    await eventually(() => expect(slow.hasEnded).toBe(true));
    await eventually(() => expect(stream.size).toBe(0), { timeoutMs: goodbyeMs + 1_000 });
    expect(slow.events.map(({ event }) => event)).toEqual(['thing', 'end']);
    idle.destroy();
  });

  it('do not hold up a stop when somebody does not read', async () => {
    const url = await start({ text: long, everyMs: 3_600_000, heartbeatMs: 3_600_000 });
    const idle = await answerOf(url);
    const startedAt = performance.now();
    stream.end();
    expect(await server?.stop(10_000)).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(500);
    idle.destroy();
  });
});
