import { beforeEach, expect, it } from '@jest/globals';
import type { DatabaseReader } from '../../../src/platform/database/database-reader.ts';
import { createReaderWithFallback } from '../../../src/platform/database/reader-with-fallback.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

type Mode = 'answers' | 'fails' | 'hangs';

/** A way to the database: it answers with its name, fails with it, or does neither until it is told to end. */
class ScriptedWay implements DatabaseReader {
  readonly #name: string;
  mode: Mode = 'answers';
  asked = 0;
  end: (mode: Mode) => void = () => {};

  constructor(name: string) {
    this.#name = name;
  }

  async read<T>(): Promise<T> {
    this.asked += 1;
    let { mode } = this;
    if (mode === 'hangs') mode = await new Promise<Mode>((resolve) => (this.end = resolve));
    if (mode === 'fails') throw new Error(`${this.#name} has failed`);
    return this.#name as T;
  }
}

let time: VirtualTime;
let own: ScriptedWay;
let requests: ScriptedWay;
let isOpen: boolean;
let read: () => Promise<string>;
beforeEach(() => {
  time = new VirtualTime();
  own = new ScriptedWay('own');
  requests = new ScriptedWay('requests');
  isOpen = false;
  const reader = createReaderWithFallback({ own, requests, mayAskRequests: () => !isOpen, scheduler: time });
  read = async () => await reader.read(async () => 'rows');
});

it('The way of the requests is not asked while the own connection answers', async () => {
  expect(await read()).toBe('own');
  expect(requests.asked).toBe(0);
});

it('What fails on the own connection is answered by the way of the requests', async () => {
  own.mode = 'fails';
  expect(await read()).toBe('requests');
  await time.pass(1_000);
  expect({ own: own.asked, pending: time.pending }).toEqual({ own: 1, pending: 0 });
});

it('Fails as the way of the requests does, when both fail', async () => {
  own.mode = 'fails';
  requests.mode = 'fails';
  await expect(read()).rejects.toThrow('requests has failed');
});

it('Fails at once while the breaker is open', async () => {
  own.mode = 'fails';
  isOpen = true;
  await expect(read()).rejects.toThrow('own has failed');
  expect(requests.asked).toBe(0);
});

it('The own connection is tried on while the way of the requests hangs, which is asked once at a time', async () => {
  own.mode = 'fails';
  requests.mode = 'hangs';
  const reading = read();
  await time.pass(400);
  expect({ own: own.asked, requests: requests.asked }).toEqual({ own: 3, requests: 1 });
  await expect(read()).rejects.toThrow('own has failed');
  own.mode = 'answers';
  await time.pass(200);
  expect(await reading).toBe('own');

  own.mode = 'fails';
  await expect(read()).rejects.toThrow('own has failed');
  requests.end('fails');
  await time.pass(200);
  requests.mode = 'answers';
  expect(await read()).toBe('requests');
  expect(requests.asked).toBe(2);
});
