import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { systemClock } from '../../../src/platform/clock.ts';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import { createSeedUsers } from '../../../src/profiles/seed/create-seed-users.ts';
import { openSeed } from '../../../src/profiles/seed/open-seed.ts';
import { seedUser } from '../../../src/profiles/seed/seed-user.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { repositoryRoot, startProcess } from '../../helpers/child-process.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { openSequelizeStore, type SequelizeStore } from '../../helpers/profiles-store.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';
import { differencesOf, idsOf, select } from '../read-model/read-model-fixture.ts';

describeOnEachEngine('The seed', (engine) => {
  let store: SequelizeStore;
  let seed: ReturnType<typeof openSeed>;
  beforeEach(async () => {
    store = await openSequelizeStore(engine);
    const limits = { poolMax: 10, queryTimeoutMs: 3_000, breakerFailures: 5, queueMax: 100, queueTimeoutMs: 2_000 };
    seed = openSeed({ location: parseDatabaseUrl(store.url), ...limits });
  });
  afterEach(async () => {
    await seed?.close();
    await store?.close();
  });

  const create = async (
    count: number,
    signal = new AbortController().signal,
    onProgress: (done: number) => void = () => {},
  ) => await createSeedUsers({ ...seed, count, signal, onProgress });

  it('creates each user once, whole, as the API does, however often it is run', async () => {
    expect(await create(450)).toEqual({ created: 450, existing: 0, different: 0 });
    expect(await create(450)).toEqual({ created: 0, existing: 450, different: 0 });
    expect(await create(500)).toEqual({ created: 50, existing: 450, different: 0 });

    const expected = Array.from({ length: 500 }, (_, n) => seedUser(n));
    expect(new Set(await idsOf(store.queries))).toEqual(new Set(expected.map(({ id }) => id)));
    const users = new UserUseCases(store.unitOfWork, store.queries, systemClock);
    for (const { id, content } of expected.slice(0, 40)) {
      expect(await users.get(id)).toMatchObject({ ...content, id, version: 1 });
    }
    expect(await differencesOf(store)).toEqual([]);
    expect(await select(store, 'SELECT seq FROM user_changes')).toHaveLength(500);
  });

  it('leaves alone who has been changed since, and whose e-mail address another has', async () => {
    await create(100);
    const users = new UserUseCases(store.unitOfWork, store.queries, systemClock);
    await users.update(seedUser(3).id, { name: 'Changed' });
    const { id, content } = seedUser(100);
    const other = await users.create(buildUser({ email: content.email }), 'other');

    expect(await create(102)).toEqual({ created: 1, existing: 99, different: 2 });
    expect((await users.get(seedUser(3).id)).name).toBe('Changed');
    expect((await users.get('other')).email).toBe(other.user.email);
    await expect(users.get(id)).rejects.toThrow('There is no user');
  });

  it('that is interrupted ends after the batches under way, and the next one goes on', async () => {
    const ending = new AbortController();
    const { created } = await create(2_000, ending.signal, (done) => {
      if (done > 0) ending.abort();
    });
    expect(created).toBeGreaterThan(0);
    expect(created).toBeLessThan(2_000);
    expect(await create(2_000)).toEqual({ created: 2_000 - created, existing: created, different: 0 });
  });
});

describe('npm run seed', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'profiles-seed-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const run = async (...args: readonly string[]) => {
    const command: [string, ...string[]] = [process.execPath, join(repositoryRoot, 'src/main/seed.ts'), ...args];
    const child = startProcess(command, { cwd: folder });
    return { ...(await child.exited), output: child.output };
  };

  it('makes the embedded database where there is none, and says what it has done and how fast', async () => {
    const first = await run('--count', '250');
    expect(first).toMatchObject({ code: 0 });
    expect(first.output).toMatch(
      /Created 250 users; 0 were there, 0 .* other content and stay so\. [\d.]+ s, \d+ users a second\./,
    );
    expect(first.output).toMatch(/250 of 250 users \(100 %\)/);
    expect((await run('--count', '250')).output).toContain('Created 0 users; 250 were there');
  });

  it('exits as other commands do when it is told nonsense', async () => {
    expect(await run('--count', 'many')).toMatchObject({ code: 64, output: expect.stringMatching(/^usage: /) });
    expect(await run('--database-url', 'oracle://scott:s3cret-tiger@db')).toMatchObject({
      code: 78,
      output: expect.not.stringContaining('s3cret-tiger'),
    });
  });
});

describeOnEachEngine('npm run seed without a schema', (engine) => {
  // Of a file it makes the schema itself.
  if (engine.name === 'SQLite') return;

  it('says what is to be done first', async () => {
    const { url, drop } = await engine.create();
    const child = startProcess([process.execPath, 'src/main/seed.ts', '--database-url', url]);
    expect(await child.exited).toMatchObject({ code: 1 });
    expect(child.output).toBe('The schema is not up to date. Run `npm run migrate` first.\n');
    await drop();
  });
});
