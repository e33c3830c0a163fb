import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { parseDatabaseUrl } from '../../src/platform/database/database-url.ts';
import { openDatabase } from '../../src/platform/database/open-database.ts';
import { repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { type OwnDatabaseServer, ownServers } from '../helpers/database-server.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWith } from '../helpers/services.ts';
import type { HttpClient } from './acceptance/http-client.ts';
import { tally, type UserBody } from './acceptance/target.ts';
import {
  type Acknowledgement,
  type JournalingClients,
  readJournal,
  sendWrite,
  startJournalingClients,
} from './journaling-clients.ts';
import { createDatabase, type ServiceProcess, startService } from './service-process.ts';

/** The guarantee speaks of 100, which take minutes; these fit a minute for each engine. */
const cycles = { SQLite: 30, MariaDB: 24, MySQL: 20 };
/** How many of the last writes are sent once more in the end. */
const replays = 50;

jest.setTimeout(120_000 + 10_000 * Math.max(...Object.values(cycles)));

describe('What was acknowledged is durable (W4)', () => {
  let folder: string;
  let service: ServiceProcess | undefined;
  let clients: JournalingClients | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'profiles-journal-'));
  });

  afterEach(async () => {
    await service?.kill('SIGKILL');
    await clients?.stop().catch(() => {});
    await rm(folder, { recursive: true });
  });

  /** Kills, in turn and under load, whom `victims` name, and compares what the clients know with what is there. */
  async function outlive(
    databaseUrl: string,
    kills: number,
    victims: readonly ((service: ServiceProcess) => Promise<void>)[],
  ): Promise<void> {
    const startedAtMs = performance.now();
    const journalFile = join(folder, 'journal.jsonl');
    const running = await startService(databaseUrl);
    service = running;
    const writers = startJournalingClients(running.api, journalFile);
    clients = writers;
    for (let cycle = 0; cycle < kills; cycle++) {
      await running.becomesReady(60_000);
      // Not always at the same point of what the clients do.
      const enough = writers.acknowledged + 20 + ((cycle * 7) % 23);
      await eventually(() => expect(writers.acknowledged).toBeGreaterThan(enough), { timeoutMs: 30_000 });
      await victims[cycle % victims.length]?.(running);
    }
    await writers.stop();
    const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
    const { acknowledged, repeated, replayed } = writers;
    const figures = `${kills} kills in ${seconds} s, acknowledged=${acknowledged} repeated=${repeated} replayed=${replayed}`;
    process.stderr.write(`${expect.getState().currentTestName}: ${figures}\n`);

    const journal = readJournal(journalFile);
    expect(tally(journal.acknowledged.map(({ write, status }) => `${write.method} ${status}`))).toEqual({
      'POST 201': expect.any(Number),
      'PATCH 200': expect.any(Number),
      'DELETE 204': expect.any(Number),
    });
    expect(journal.acknowledged).toHaveLength(journal.sent.length);
    await expectAsAcknowledged(databaseUrl, journal.acknowledged);
    await expectReplays(running.api, journal.acknowledged.slice(-replays));
    await expectReadModelAsWritten(databaseUrl);
    expect(running.output).not.toContain('"level":"error"');
  }

  const killService = async (running: ServiceProcess): Promise<void> => {
    await running.kill('SIGKILL');
    await running.start();
  };

  const sqlite = engines.filter(({ name }) => name === 'SQLite');
  describe.each(sqlite)('on $name', ({ create }) => {
    let database: TestDatabase;

    beforeEach(async () => {
      database = await create();
    });

    afterEach(async () => await database.drop());

    it('however often the service is killed', async () => {
      await outlive(database.url, cycles.SQLite, [killService]);
    });
  });

  for (const { name, missing, launch } of ownServers) {
    describeWith(missing, `on ${name}`, () => {
      let server: OwnDatabaseServer;

      beforeEach(async () => {
        server = await launch();
      });

      afterEach(async () => await server.remove());

      it('however often the service and the database are killed', async () => {
        const killDatabase = async (): Promise<void> => {
          await server.kill();
          await server.start();
        };
        await outlive(await createDatabase(server.url), cycles[name], [killService, killDatabase]);
      });
    });
  }
});

/** Every acknowledged write has happened once, in the order of its versions, and nothing else has. */
async function expectAsAcknowledged(databaseUrl: string, acknowledged: readonly Acknowledgement[]): Promise<void> {
  const answers = new Map<string, UserBody[]>();
  const deleted = new Set<string>();
  for (const { write, text } of acknowledged) {
    if (write.method === 'DELETE') {
      deleted.add(write.path.replace('/api/users/', ''));
    } else {
      const user = JSON.parse(text) as UserBody;
      answers.set(user.id, [...(answers.get(user.id) ?? []), user]);
    }
  }

  const users: object[] = [];
  const changes: object[] = [];
  for (const [id, all] of answers) {
    // Answers to clients that change the same user cross on their way.
    const inOrder = all.toSorted((one, other) => one.version - other.version);
    const kinds = [
      ...inOrder.map((_, index) => (index === 0 ? 'created' : 'updated')),
      ...(deleted.has(id) ? ['deleted'] : []),
    ];
    // Were a version missing or given twice, the answer would not agree with its place.
    expect(inOrder.map(({ version }) => version)).toEqual(inOrder.map((_, index) => index + 1));
    changes.push(...kinds.map((kind, index) => ({ user_id: id, version: index + 1, kind })));
    const last = inOrder.at(-1);
    if (last !== undefined && !deleted.has(id)) {
      users.push({ id, name: last.name, email: last.email, version: last.version });
    }
  }

  const stored = await readTables(databaseUrl);
  expect(sorted(stored.users)).toEqual(sorted(users));
  expect(sorted(stored.changes)).toEqual(sorted(changes));
  expect(stored.keys).toEqual([{ kept: acknowledged.length, undecided: 0 }]);
}

async function expectReadModelAsWritten(databaseUrl: string): Promise<void> {
  const check = startProcess([process.execPath, join(repositoryRoot, 'src/main/read-model.ts'), 'check'], {
    env: { DATABASE_URL: databaseUrl },
  });
  expect({ ...(await check.exited), output: check.output }).toMatchObject({ code: 0 });
}

/** As text, since a difference among thousands is easier to read in lines. */
function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

async function readTables(databaseUrl: string): Promise<{ users: object[]; changes: object[]; keys: object[] }> {
  const database = openDatabase(parseDatabaseUrl(databaseUrl), { poolMax: 1, queryTimeoutMs: 30_000 });
  const select = async (sql: string): Promise<object[]> => {
    return await database.sequelize.query<Record<string, unknown>>(sql, { type: QueryTypes.SELECT });
  };
  try {
    return {
      users: await select('SELECT id, name, email, version FROM users'),
      changes: await select('SELECT user_id, version, kind FROM user_changes'),
      keys: await select('SELECT COUNT(*) AS kept, COUNT(*) - COUNT(status) AS undecided FROM idempotency_keys'),
    };
  } finally {
    await database.close();
  }
}

/** Who has forgotten the answer gets it again, byte for byte. */
async function expectReplays(api: HttpClient, acknowledged: readonly Acknowledgement[]): Promise<void> {
  for (const { write, status, text } of acknowledged) {
    const { headers, ...again } = await sendWrite(api, write);
    expect({ ...again, replayed: headers['idempotency-replayed'] }).toMatchObject({ status, text, replayed: 'true' });
  }
}
