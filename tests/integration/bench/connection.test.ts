import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Connection, type Received } from '../../../bench/load/connection.ts';

describe('A connection of the load generator', () => {
  let server: Server;
  let port: number;
  let answer: (socket: Socket) => void | Promise<void>;

  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => {}).on('data', () => void answer(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  function ask(times: number): Promise<readonly string[]> {
    const bodies: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    const request = Buffer.from('GET / HTTP/1.1\r\n\r\n');
    const onAnswer = ({ answer: whole }: Received): void => {
      bodies.push(whole.toString('utf8', whole.indexOf('\r\n\r\n') + 4));
      if (bodies.length < times) connection.send(request);
      else resolve(bodies);
    };
    const connection = new Connection(port, onAnswer, reject);
    connection.send(request);
    return promise.finally(() => connection.close());
  }

  it('takes an answer that comes in any two parts as one', async () => {
    const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nZoë ok');
    let cut = 0;
    answer = async (socket) => {
      cut += 1;
      socket.setNoDelay(true).write(whole.subarray(0, cut));
      // The client is in this process, too: it reads in the next round of the event loop.
      for (let turns = 0; turns < 3; turns++) await turn();
      socket.write(whole.subarray(cut));
    };
    const bodies = await ask(whole.length - 1);
    expect(new Set(bodies)).toEqual(new Set(['Zoë ok']));
  });

  it('takes an answer that is larger than what it reads at once', async () => {
    const body = 'x'.repeat(300_000);
    answer = (socket) => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(await ask(2)).toEqual([body, body]);
  });

  it('tells of a server that hangs up, and of one that sends something else', async () => {
    answer = (socket) => void socket.end();
    await expect(ask(1)).rejects.toThrow('has closed a connection');
    answer = (socket) => void socket.write('220 smtp.example ESMTP\r\n\r\n');
    await expect(ask(1)).rejects.toThrow('no answer');
  });
});
