import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { parseDatabaseUrl } from '../../src/platform/database/database-url.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openDatabase } from '../../src/platform/database/open-database.ts';
import { defineUserModel, toRow } from '../../src/profiles/users/user-model.ts';
import { buildUser } from '../helpers/build-user.ts';
import { type ChildProcess, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { describeOnEachEngine, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { migrate, type ServiceProcess, startService } from './service-process.ts';

const total = 3_000;

jest.setTimeout(180_000);

describeOnEachEngine('npm run read-model', (engine) => {
  let database: TestDatabase;
  let service: ServiceProcess | undefined;
  let traffic: Traffic | undefined;
  const started: ChildProcess[] = [];
  beforeEach(async () => {
    database = await engine.create();
    await migrate(database.url);
    // As it is after an upgrade: there are users, and the version before may still write.
    await onDatabase(async ({ sequelize }) => {
      await defineUserModel(sequelize).bulkCreate(
        Array.from({ length: total }, (_, index) => toRow(buildUser({ id: `user-${index}` }))),
      );
      await sequelize.query("UPDATE read_models SET state = 'pending'");
    });
  });
  afterEach(async () => {
    await traffic?.stop().catch(() => {});
    for (const child of started) await child.kill('SIGKILL');
    await service?.kill('SIGKILL');
    await database.drop();
  });

  async function onDatabase<T>(work: (own: Database) => Promise<T>): Promise<T> {
    const own = openDatabase(parseDatabaseUrl(database.url), { poolMax: 1, queryTimeoutMs: 30_000 });
    try {
      return await work(own);
    } finally {
      await own.close();
    }
  }

  const positionOf = () =>
    onDatabase(async ({ sequelize }) => {
      const [row] = await sequelize.query<{ state: string; position: string }>(
        'SELECT state, position FROM read_models',
        {
          type: QueryTypes.SELECT,
        },
      );
      return row;
    });

  const run = (...args: string[]): ChildProcess => {
    const child = startProcess([process.execPath, join(repositoryRoot, 'src/main/read-model.ts'), ...args], {
      env: { DATABASE_URL: database.url },
    });
    started.push(child);
    return child;
  };
  const outcomeOf = async (child: ChildProcess) => ({ code: (await child.exited).code, output: child.output });

  it('rebuild, killed twice while the service reads and writes, comes to an end after which check finds nothing', async () => {
    service = await startService(database.url);
    await service.becomesReady(30_000);
    traffic = startTraffic(service);
    for (let kills = 0; kills < 2; kills++) {
      const before = (await positionOf())?.position ?? '';
      const child = run('rebuild', '--batch', '20');
      await eventually(async () => expect((await positionOf())?.position ?? '').not.toBe(before), {
        timeoutMs: 20_000,
      });
      await child.kill('SIGKILL');
      expect(await positionOf()).toMatchObject({ state: 'pending', position: expect.stringMatching(/^user-/) });
    }
    expect(await outcomeOf(run('rebuild'))).toMatchObject({ code: 0, output: expect.stringContaining('is ready') });
    await eventually(() => expect(service?.output).toContain('Queries go to the read model'));
    expect(await outcomeOf(run('check'))).toMatchObject({
      code: 0,
      output: expect.stringContaining('No differences.'),
    });
    const { walks, writes } = await traffic.stop();
    expect(Math.min(walks, writes)).toBeGreaterThan(0);
    expect(await outcomeOf(run('check'))).toMatchObject({ code: 0 });
  });

  it('check says what is different and exits 1, and rebuild puts it right', async () => {
    expect(await outcomeOf(run('rebuild'))).toMatchObject({ code: 0 });
    await onDatabase(async ({ sequelize }) => {
      await sequelize.query("DELETE FROM users_read WHERE id = 'user-7'");
      await sequelize.query("UPDATE users_read SET body = '{}' WHERE id = 'user-8'");
      await sequelize.query("UPDATE users_read SET id = 'zz' WHERE id = 'user-9'");
    });
    const { code, output } = await outcomeOf(run('check', '--batch', '100'));
    expect({
      code,
      lines: output.split('\n').filter((line) => /^(missing|orphaned|differs|\d+ differences)/.test(line)),
    }).toEqual({
      code: 1,
      lines: ['missing   user-7', 'differs   user-8  body', 'missing   user-9', 'orphaned  zz', '4 differences.'],
    });
    expect(await outcomeOf(run('rebuild'))).toMatchObject({
      code: 0,
      output: expect.stringContaining('4 of its rows'),
    });
    expect(await outcomeOf(run('check'))).toMatchObject({ code: 0 });
  });

  it('suspend makes it pending, which status tells, and anything else is explained', async () => {
    expect(await outcomeOf(run('suspend'))).toMatchObject({ code: 0 });
    expect(await positionOf()).toEqual({ state: 'pending', position: '' });
    expect(await outcomeOf(run('status'))).toMatchObject({ code: 0, output: expect.stringContaining('pending: ') });
    expect(await outcomeOf(run('rebuild'))).toMatchObject({ code: 0 });
    expect(await outcomeOf(run('status'))).toMatchObject({ code: 0, output: expect.stringContaining('ready: ') });
    expect(await outcomeOf(run('look'))).toMatchObject({ code: 64, output: expect.stringContaining('usage:') });
  });
});

interface Traffic {
  /** @throws what a reader or a writer has found wrong */
  stop(): Promise<{ readonly walks: number; readonly writes: number }>;
}

/** A client that writes, and one that walks through all pages and finds everybody who is there all the time. */
function startTraffic({ api }: ServiceProcess): Traffic {
  const stopping = new AbortController();
  let walks = 0;
  let writes = 0;

  async function write(): Promise<void> {
    for (; !stopping.signal.aborted; writes++) {
      const id = `user-${writes % 100}`;
      expect((await api.send('PATCH', `/api/users/${id}`, { json: { metadata: { writes } } })).status).toBe(200);
      const passing = `passing-${writes}`;
      const json = { id: passing, name: 'Passing', email: `${passing}@example.com` };
      expect((await api.send('POST', '/api/users', { json })).status).toBe(201);
      expect((await api.send('DELETE', `/api/users/${passing}`)).status).toBe(204);
      await delay(5);
    }
  }

  async function walk(): Promise<void> {
    for (; !stopping.signal.aborted; walks++) {
      const seen = new Set<string>();
      for (let path = '/api/users?limit=100&sort=createdAt'; path !== ''; ) {
        const { status, json } = await api.send('GET', path);
        expect(status).toBe(200);
        const { data, nextCursor } = json as { data: { id: string }[]; nextCursor: string | null };
        for (const { id } of data) if (id.startsWith('user-')) seen.add(id);
        path = nextCursor === null ? '' : `/api/users?limit=100&sort=createdAt&cursor=${nextCursor}`;
      }
      expect(seen.size).toBe(total);
    }
  }

  const running = Promise.all([write(), walk()]);
  running.catch(() => {});
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return { walks, writes };
    },
  };
}
