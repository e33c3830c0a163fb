import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { LoadOrder } from '../../../bench/load/load-order.ts';
import { type LoadProcess, startLoadProcess } from '../../../bench/load/load-process.ts';

let server: Server;
let load: LoadProcess;
let answers: boolean;
const sockets = new Set<Socket>();

beforeEach(async () => {
  answers = true;
  server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    socket.on('data', () => {
      if (answers) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  load = startLoadProcess(null);
});

afterEach(async () => {
  load.stop();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

const order = (): LoadOrder => ({
  port: (server.address() as AddressInfo).port,
  connections: 2,
  durationMs: 50,
  patienceMs: 100,
  plan: { method: 'GET', path: '/', headers: {}, numbers: { kind: 'hot', count: 1 } },
  expectedStatus: 200,
});

it('A round against a server that stands still fails, and leaves nothing to the next round', async () => {
  answers = false;
  await expect(load.run(order())).rejects.toThrow('stands still');
  answers = true;
  expect(await load.run(order())).toMatchObject({ unexpected: {}, sample: { body: 'ok' } });
});
