import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DemoClients } from '../../../src/main/demo/demo-clients.ts';
import { SecondInTheMaking } from '../../../src/main/demo/demo-figures.ts';
import { eventually } from '../../helpers/eventually.ts';

/** A service whose memory knows all changes, with a database that the test rules. */
class ScriptedService {
  readonly #server: Server;
  /** By user: as the process remembers it, and as it is in the database. */
  readonly remembered = new Map<string, number>();
  readonly stored = new Map<string, number>();
  /** How often a change that is answered as made is made. */
  timesMade = 1;
  /** Lists that wait for the database. */
  readonly waiting: (() => void)[] = [];
  isDatabaseHanging = false;
  /** Changes that wait for the write lock. */
  readonly waitingChanges: (() => void)[] = [];
  isDatabaseFrozen = false;
  readsAnswered = 0;
  /** By path, of what was asked for its data. */
  readonly enriched: string[] = [];

  constructor() {
    this.#server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => this.#answer(`${req.method} ${req.url}`, Buffer.concat(chunks).toString(), res));
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(asked: string, body: string, res: ServerResponse): void {
    const answer = (status: number, json: object) => void res.writeHead(status).end(JSON.stringify(json));
    const id = /\/api\/users\/([\w-]+)/.exec(asked)?.[1] ?? '';
    if (asked === 'POST /api/users') {
      const user: { id: string } = JSON.parse(body);
      this.remembered.set(user.id, 1);
      this.stored.set(user.id, 1);
      answer(201, user);
    } else if (asked.startsWith('PUT ')) {
      const change = () => {
        this.remembered.set(id, (this.remembered.get(id) ?? 0) + 1);
        this.stored.set(id, (this.stored.get(id) ?? 0) + this.timesMade);
        answer(200, {});
      };
      if (this.isDatabaseFrozen) this.waitingChanges.push(change);
      else change();
    } else if (asked === 'GET /api/users?limit=100') {
      const list = () => answer(200, { data: Array.from(this.stored, ([id, version]) => ({ id, version })) });
      if (this.isDatabaseHanging) this.waiting.push(list);
      else list();
    } else {
      if (asked.endsWith('/enriched')) this.enriched.push(id);
      else this.readsAnswered += 1;
      answer(200, { id, version: this.remembered.get(id), enrichedDataStatus: 'available' });
    }
  }
}

describe('The clients of the demo', () => {
  let service: ScriptedService;
  let second: SecondInTheMaking;
  let clients: DemoClients;

  beforeEach(async () => {
    service = new ScriptedService();
    second = new SecondInTheMaking();
    clients = new DemoClients(await service.start(), () => second);
    await clients.createUsers();
  });
  afterEach(async () => {
    await service.stop();
  });

  /** Until the condition holds, and all that was asked is answered. */
  const runUntil = async (condition: () => void): Promise<void> => {
    const ending = new AbortController();
    const running = clients.run(ending.signal);
    await eventually(condition).finally(() => {
      ending.abort();
      service.isDatabaseHanging = false;
      service.isDatabaseFrozen = false;
      for (const proceed of [...service.waiting, ...service.waitingChanges]) proceed();
    });
    await running;
  };

  it.each([
    ['none that are in the database once', 1, 0],
    ['those that are not, though the process remembers them', 0, 1],
    ['those that are there twice', 2, 1],
  ])('count as lost or doubled, of the changes answered as made, %s', async (_which, timesMade, share) => {
    service.timesMade = timesMade;
    await runUntil(() => expect(clients.writes).not.toEqual([]));
    expect(await clients.countLostOrDoubled()).toBe(clients.writes.length * share);
  });

  it('count users that are gone, and all when nobody tells', async () => {
    service.stored.delete('demo-3');
    expect(await clients.countLostOrDoubled()).toBe(1);
    await service.stop();
    expect(await clients.countLostOrDoubled()).toBe(24);
  });

  it('notice when reads that memory cannot answer wait, among others that it can', async () => {
    service.isDatabaseHanging = true;
    let heldFrom = Infinity;
    let heldMs = 0;
    await runUntil(() => {
      expect(service.waiting).not.toEqual([]);
      heldFrom = Math.min(heldFrom, performance.now());
      heldMs = performance.now() - heldFrom;
      expect(heldMs).toBeGreaterThan(100);
      expect(service.readsAnswered).toBeGreaterThan(3);
    });
    const { readP95Ms, failed } = second.end('frozen', 'closed', 0);
    expect(failed).toBe(0);
    expect(readP95Ms).toBeGreaterThanOrEqual(heldMs);
  });

  it('change so few at once, when changes wait, that reads find a connection', async () => {
    service.isDatabaseFrozen = true;
    await runUntil(() => {
      expect(service.waitingChanges).toHaveLength(5);
      // By then there would be about nine.
      expect(service.enriched.length).toBeGreaterThan(24);
    });
    expect(service.waitingChanges).toHaveLength(5);
    expect(second.end('frozen', 'closed', 0).failed).toBe(0);
  });

  it('ask for the data of all users in turn, since whoever joins a call that is under way waits for less', async () => {
    await runUntil(() => expect(service.enriched.length).toBeGreaterThan(11));
    expect(new Set(service.enriched).size).toBe(service.enriched.length);
  });
});
