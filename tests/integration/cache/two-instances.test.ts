import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine, type TestDatabase } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { type RunningProfiles, startProfilesOn } from '../../helpers/start-profiles.ts';

/** For the readiness, which a scrape shows. */
const checksOfTwoScrapes = 2;
/** Within which others see what was written. */
const othersSeeMs = 1_000;

interface SeenUser {
  readonly status: number;
  readonly version: number;
  readonly cache: string | null;
}

describeOnEachEngine('Two instances that share a database', (engine) => {
  let database: TestDatabase;
  let one: RunningProfiles;
  let other: RunningProfiles;

  beforeAll(async () => {
    database = await engine.create();
    one = await startProfilesOn(database.url);
    other = await startProfilesOn(database.url);
    for (const instance of [one, other]) {
      await eventually(async () => expect((await scrape(instance.url)).sum('cache_journal_following')).toBe(1));
    }
    await create(one, 'hot');
  }, 60_000);
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await database.drop();
  });

  const send = async (instance: RunningProfiles, method: string, path: string, body: object): Promise<SeenUser> => {
    const answer = await fetch(`${instance.url}${path}`, {
      method,
      headers: { 'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' },
      body: JSON.stringify(body),
    });
    return await seen(answer);
  };
  const create = async (instance: RunningProfiles, id: string): Promise<SeenUser> =>
    await send(instance, 'POST', '/api/users', { ...buildUserBody(), id });
  const read = async (instance: RunningProfiles, id: string): Promise<SeenUser> =>
    await seen(await fetch(`${instance.url}/api/users/${id}`));
  const remove = async (instance: RunningProfiles, id: string): Promise<void> => {
    expect((await fetch(`${instance.url}/api/users/${id}`, { method: 'DELETE' })).status).toBe(204);
  };

  it('C1: nobody reads what is older than a write that the same instance has answered, or the other one a second ago', async () => {
    const ids = ['c1-a', 'c1-b', 'c1-c'];
    for (const id of ids) expect((await create(one, id)).status).toBe(201);
    const written: { by: RunningProfiles; id: string; version: number; at: number }[] = [];
    const stale: string[] = [];
    let reads = 0;
    let hits = 0;
    const endsAt = performance.now() + 5_000;
    const random = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;

    const write = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        const [by, id] = [random([one, other]), random(ids)];
        const { status, version } = await send(by, 'PATCH', `/api/users/${id}`, { displayName: `${Math.random()}` });
        expect(status).toBe(200);
        written.push({ by, id, version, at: performance.now() });
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      }
    };
    const check = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        const [by, id] = [random([one, other]), random(ids)];
        const startedAt = performance.now();
        const due = written
          .filter((each) => each.id === id && (each.by === by || startedAt - each.at > othersSeeMs))
          .reduce((greatest, { version }) => Math.max(greatest, version), 1);
        const { version, cache } = await read(by, id);
        reads += 1;
        if (cache === 'hit') hits += 1;
        if (version < due) stale.push(`${id}: ${version} instead of ${due}`);
      }
    };
    await Promise.all([write(), write(), ...Array.from({ length: 8 }, check)]);

    process.stdout.write(
      `C1 on ${engine.name}: ${written.length} writes, ${reads} reads, ${hits} hits, ${stale.length} stale\n`,
    );
    expect(stale).toEqual([]);
    expect(written.length).toBeGreaterThan(20);
    expect(hits).toBeGreaterThan(reads / 10);
  }, 30_000);

  it('show a deletion, and another user under the same id, at once in the same instance and soon in the other', async () => {
    const id = 'comes-and-goes';
    for (let round = 0; round < 3; round++) {
      await create(one, id);
      expect((await read(one, id)).status).toBe(200);
      await eventually(async () => expect((await read(other, id)).status).toBe(200), { timeoutMs: othersSeeMs });
      await remove(other, id);
      expect((await read(other, id)).status).toBe(404);
      await eventually(async () => expect((await read(one, id)).status).toBe(404), { timeoutMs: othersSeeMs });
    }
  });

  it('show what a write of theirs was refused for, or has found done, as soon as that is answered', async () => {
    const ids = Array.from({ length: 5 }, (_, index) => `met-${index}`);
    const refusals: Readonly<Record<string, (id: string, body: object) => Promise<number>>> = {
      'created twice': async (id, body) => (await send(other, 'POST', '/api/users', { ...body, id })).status,
      'id taken': async (id) => (await create(other, id)).status,
      'version conflict': async (id) => {
        const headers = { 'Content-Type': 'application/json', 'If-Match': '"7"' };
        const body = JSON.stringify({ name: 'Never' });
        return (await fetch(`${other.url}/api/users/${id}`, { method: 'PUT', headers, body })).status;
      },
    };
    for (const [name, refuse] of Object.entries(refusals)) {
      const seenAfter: number[] = [];
      for (const part of ids) {
        const [id, body] = [`${part}-${name.replace(' ', '-')}`, buildUserBody()];
        expect((await read(other, id)).status).toBe(404);
        expect((await send(one, 'POST', '/api/users', { ...body, id })).status).toBe(201);
        expect([200, 409, 412]).toContain(await refuse(id, body));
        seenAfter.push((await read(other, id)).status);
      }
      expect([name, seenAfter]).toEqual([name, ids.map(() => 200)]);
    }
    for (const id of ids.map((part) => `${part}-id-taken`)) {
      await eventually(async () => expect((await read(other, id)).cache).toBe('hit'));
      await remove(one, id);
      expect((await send(other, 'PUT', `/api/users/${id}`, { name: 'Never' })).status).toBe(404);
      expect((await read(other, id)).status).toBe(404);
    }
  });

  it('count a second read of an unknown id as one hit, and the first as one miss', async () => {
    const counts = async () => {
      const metrics = await scrape(one.url);
      const memory = (result: string) => metrics.sum('cache_requests_total', { level: 'memory', result });
      return { hits: memory('hit'), misses: memory('miss') };
    };
    const before = await counts();
    const answers = [await read(one, 'counted'), await read(one, 'counted')];
    expect(answers.map(({ status, cache }) => [status, cache])).toEqual([
      [404, 'miss'],
      [404, 'hit'],
    ]);
    expect(await counts()).toEqual({ hits: before.hits + 1, misses: before.misses + 1 });
  });

  it('ask for an unknown id once, and show the user as soon as it is created', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `nobody-${index}`);
    for (const id of ids) {
      expect((await read(one, id)).status).toBe(404);
      expect((await read(other, id)).status).toBe(404);
    }
    const before = await asked(one);
    for (const id of ids) expect((await read(one, id)).status).toBe(404);
    const after = await asked(one);
    expect(after.loads).toBe(before.loads);
    expect(after.calls - before.calls).toBeLessThanOrEqual(checksOfTwoScrapes);
    await create(one, 'nobody-7');
    expect((await read(one, 'nobody-7')).status).toBe(200);
    await eventually(async () => expect((await read(other, 'nobody-7')).status).toBe(200), { timeoutMs: othersSeeMs });
  });

  it('C3: ask the database once when a thousand ask for one cold user at the same time', async () => {
    const before = await asked(other);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => read(other, 'hot')));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const after = await asked(other);
    expect(after.loads).toBe(before.loads + 1);
    expect(after.calls - before.calls).toBeLessThanOrEqual(1 + checksOfTwoScrapes);
  });
});

/** How often a profile was loaded, and the database called for whatever. */
async function asked({ url }: RunningProfiles): Promise<{ loads: number; calls: number }> {
  const metrics = await scrape(url);
  return {
    loads: metrics.sum('cache_fills_total'),
    calls: metrics.sum('dependency_calls_total', { dependency: 'database' }),
  };
}

async function seen(answer: Response): Promise<SeenUser> {
  const { version = 0 } = (await answer.json()) as { version?: number };
  return { status: answer.status, version, cache: answer.headers.get('X-Cache') };
}
