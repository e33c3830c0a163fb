import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LiveFeed } from '../../../mock-enrichment/live-feed.ts';
import { runMock, snapshotsOf, statusOf } from './run-mock.ts';

/** Sockets, streams and the measuring of time go on as always; only `setTimeout` waits for the test. */
const KEPT_REAL = ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'performance', 'Date'] as const;

afterEach(() => {
  jest.useRealTimers();
});

describe('GET /control/requests/stream', () => {
  it('sends the whole picture at once and again after each change', async () => {
    const mock = await runMock();
    const response = await fetch(`${mock.url}/control/requests/stream`);
    const snapshots = snapshotsOf(response);

    const first = await snapshots.next();
    mock.control.change({ mode: 'failing' });
    const second = await snapshots.next();
    await statusOf(mock);
    const third = await snapshots.next();

    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(first.value).toMatchObject({ control: { mode: 'healthy' }, count: 0, requests: [] });
    expect(second.value).toMatchObject({ control: { mode: 'failing' }, count: 0 });
    expect(third.value).toMatchObject({ control: { mode: 'failing' }, count: 1, requests: [{ answered: '500' }] });
  });

  it('gathers a burst into few events', async () => {
    const mock = await runMock();
    const snapshots = snapshotsOf(await fetch(`${mock.url}/control/requests/stream`));
    await snapshots.next();
    for (let failNext = 1; failNext <= 1000; failNext += 1) mock.control.change({ failNext });

    const next = await snapshots.next();

    expect(next.value).toMatchObject({ control: { failNext: 1000 } });
  });

  it('sends a heartbeat every two seconds when nothing happens', async () => {
    jest.useFakeTimers({ doNotFake: [...KEPT_REAL] });
    const mock = await runMock();
    const snapshots = snapshotsOf(await fetch(`${mock.url}/control/requests/stream`));
    const first = await snapshots.next();
    for (let beat = 1; beat <= 3; beat += 1) {
      jest.advanceTimersByTime(1999);
      const next = snapshots.next();
      jest.advanceTimersByTime(1);
      expect((await next).value).toEqual(first.value);
    }
  });
});

describe('LiveFeed', () => {
  it('holds back what a slow reader cannot take, and brings it up to date when it can', async () => {
    jest.useFakeTimers({ doNotFake: [...KEPT_REAL] });
    const picture = { number: 0, filling: 'x'.repeat(100_000) };
    const feed = new LiveFeed(() => picture);
    const { response, socket } = await openReader(feed);
    const sendNext = () => {
      picture.number += 1;
      feed.changed();
      jest.advanceTimersByTime(50);
    };
    for (let sent = 0; sent < 1000 && !response.writableNeedDrain; sent += 1) sendNext();
    const heldBytes = response.writableLength;

    for (let more = 0; more < 100; more += 1) sendNext();
    const stillHeldBytes = response.writableLength;
    const received: string[] = [];
    socket.on('data', (chunk) => received.push(String(chunk))).resume();
    await once(response, 'drain');
    jest.advanceTimersByTime(2000);
    socket.end();
    response.end();
    await once(socket, 'close');

    expect(heldBytes).toBeGreaterThan(0);
    expect(stillHeldBytes).toBe(heldBytes);
    const numbers = Array.from(received.join('').matchAll(/"number":(\d+),/g), ([, number]) => Number(number));
    expect(numbers.at(-1)).toBe(picture.number);
    expect(numbers.at(-2)).toBeLessThan(picture.number - 99);
  });

  it('is live for a new reader after the last one has left in the middle of a change', async () => {
    jest.useFakeTimers({ doNotFake: [...KEPT_REAL] });
    const picture = { number: 0 };
    const feed = new LiveFeed(() => picture);
    const gone = await openReader(feed);
    feed.changed();
    gone.socket.destroy();
    await once(gone.response, 'close');

    const { socket } = await openReader(feed);
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk))).resume();
    picture.number = 1;
    feed.changed();
    jest.advanceTimersByTime(50);
    while (!received.includes('data: {"number":1}')) await once(socket, 'data');

    expect(received).toContain('data: {"number":0}');
  });

  it('keeps no timer when nobody reads', async () => {
    jest.useFakeTimers({ doNotFake: [...KEPT_REAL] });
    const feed = new LiveFeed(() => ({}));
    const { response, socket } = await openReader(feed);
    const whileOpen = jest.getTimerCount();

    socket.destroy();
    await once(response, 'close');
    feed.changed();

    expect([whileOpen, jest.getTimerCount()]).toEqual([1, 0]);
  });
});

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A reader over a real socket that takes nothing yet, and the feed's end of its stream. */
async function openReader(feed: LiveFeed): Promise<{ response: ServerResponse; socket: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const socket = connect(address.port, '127.0.0.1').pause();
  socket.write('GET / HTTP/1.1\r\nHost: mock\r\n\r\n');
  const [, response] = await once(server, 'request');
  feed.open(response);
  return { response, socket };
}
