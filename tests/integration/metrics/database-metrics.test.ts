import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import { expect, it } from '@jest/globals';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine, type Engine } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type ScrapedMetrics, scrape } from '../../helpers/scraped-metrics.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const writers = 5;

/** Keeps everybody else from changing the user: another process, as far as the service can tell. */
async function lock(url: string, id: string): Promise<{ release(): Promise<void> }> {
  const location = parseDatabaseUrl(url);
  if (location.engine === 'sqlite') {
    const file = new DatabaseSync(location.path);
    file.exec('BEGIN IMMEDIATE');
    return { release: () => Promise.resolve(file.close()) };
  }
  const connection = await createConnection(url);
  await connection.beginTransaction();
  await connection.execute('SELECT id FROM users WHERE id = ? FOR UPDATE', [id]);
  return { release: () => connection.end() };
}

async function withLockedUser(
  engine: Engine,
  env: Record<string, string>,
  test: (scene: {
    profiles: RunningProfiles;
    change: () => Promise<Response>;
    release: () => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const database = await engine.create();
  const profiles = await startProfiles({ ...engine, create: () => Promise.resolve(database) }, env);
  try {
    const send = (method: string, path: string, body: unknown) =>
      fetch(profiles.url + path, {
        method,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const { id } = (await (await send('POST', '/api/users', buildUserBody())).json()) as { id: string };
    const { release } = await lock(database.url, id);
    await test({ profiles, change: () => send('PATCH', `/api/users/${id}`, { name: 'Changed' }), release });
  } finally {
    await profiles.stop();
  }
}

const poolOf = (metrics: ScrapedMetrics) => ({
  inUse: metrics.sum('database_pool_connections', { state: 'in-use' }),
  idle: metrics.sum('database_pool_connections', { state: 'idle' }),
  waiting: metrics.sum('database_pool_waiting'),
  max: metrics.sum('database_pool_connections_max'),
});

describeOnEachEngine('The metrics of the database', (engine) => {
  const isSqlite = engine.name === 'SQLite';

  it('show how busy the connections are while writers wait for a lock, and are answered at once', async () => {
    await withLockedUser(engine, { DATABASE_POOL_MAX: '8' }, async ({ profiles, change, release }) => {
      const changes = Array.from({ length: writers }, change);
      await eventually(async () => {
        const pool = poolOf(await scrape(profiles.url));
        // SQLite has one turn to write: one has it and waits for the file, the others wait for the turn.
        expect(pool).toMatchObject(
          isSqlite ? { inUse: 1, idle: 0, waiting: writers - 1, max: 1 } : { inUse: writers, waiting: 0, max: 8 },
        );
      });
      const startedAt = performance.now();
      await scrape(profiles.url);
      expect(performance.now() - startedAt).toBeLessThan(200);

      await release();
      for (const { status } of await Promise.all(changes)) expect(status).toBe(200);
      const after = await scrape(profiles.url);
      expect(poolOf(after)).toMatchObject({ inUse: 0, waiting: 0 });
      expect(poolOf(after).idle).toBeGreaterThan(0);
      expect(after.sum('database_pool_wait_seconds_count')).toBeGreaterThan(writers);
    });
  });

  it('tell the end of our patience from other failures', async () => {
    // Locks are waited for at least a second, so that the deadline comes first on a server.
    await withLockedUser(engine, { DATABASE_QUERY_TIMEOUT_MS: '400' }, async ({ profiles, change, release }) => {
      const before = await scrape(profiles.url);
      expect((await change()).status).toBe(503);
      const after = await scrape(profiles.url);
      await release();

      const grown = (outcome: string): number => {
        const labels = { dependency: 'database', outcome };
        return after.sum('dependency_calls_total', labels) - before.sum('dependency_calls_total', labels);
      };
      // SQLite says that it is locked: it is there.
      expect({ success: grown('success'), failure: grown('failure'), timeout: grown('timeout') }).toEqual(
        isSqlite ? { success: 1, failure: 0, timeout: 0 } : { success: 0, failure: 0, timeout: 1 },
      );
    });
  });
});
