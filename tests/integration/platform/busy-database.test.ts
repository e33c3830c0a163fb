import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createDatabaseBreaker } from '../../../src/platform/database/database-breaker.ts';
import type { DatabaseEvent } from '../../../src/platform/database/database-events.ts';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { openDatabase } from '../../../src/platform/database/open-database.ts';
import { createSchemaGate } from '../../../src/platform/database/schema-gate.ts';
import { Readiness } from '../../../src/platform/health/readiness.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { openMigrator } from '../../../src/profiles/index.ts';
import { describeOnEachEngine, type TestDatabase } from '../../helpers/engines.ts';

const rethrow = (error: unknown): never => {
  throw error;
};

describeOnEachEngine('The readiness of a service whose connections are busy', (engine) => {
  // Its reads need no connection, and its statements cannot be made to last.
  if (engine.name === 'SQLite') return;

  let test: TestDatabase;
  let database: Database;
  let readiness: Readiness;
  let end: () => void;
  beforeEach(async () => {
    test = await engine.create();
    const location = parseDatabaseUrl(test.url);
    const queryTimeoutMs = 3_000;
    const poolMax = 2;
    database = openDatabase(location, { poolMax, queryTimeoutMs });
    const breaker = createDatabaseBreaker({
      consecutiveFailures: 5,
      deadlineMs: queryTimeoutMs,
      events: new EventStream<DatabaseEvent>(rethrow),
    });
    end = () => breaker.shutdown();
    const limits = { breakerFailures: 5, queueMax: 100, queueTimeoutMs: 2_000 };
    const schema = createSchemaGate({
      database,
      openMigrator: (use) => openMigrator({ location, poolMax, queryTimeoutMs, ...limits }, use),
      breaker,
      apply: true,
      logger: createLogger({ level: 'silent', service: 'test' }),
    });
    const check = {
      name: 'database',
      check: () => schema.check(),
      isUpNevertheless: () => schema.isAnswering(),
    };
    readiness = new Readiness({ checks: [check], clock: { now: () => new Date() }, events: new EventStream(rethrow) });
    expect(await schema.open(new AbortController().signal)).toBe(true);
    expect((await readiness.report()).ready).toBe(true);
    // Opening a connection can take a second on a loaded machine, and is not what is timed here.
    await Promise.all(sleep(0.1, poolMax));
  });
  afterEach(async () => {
    end();
    await database.close();
    await test.drop();
  });

  const sleep = (seconds: number, times: number): Promise<unknown>[] =>
    Array.from({ length: times }, () => database.sequelize.query(`SELECT SLEEP(${seconds})`));

  it('is given while they come back, though the check takes longer than it may', async () => {
    const work = sleep(0.3, 10);
    const before = performance.now();
    await readiness.refresh();
    expect(performance.now() - before).toBeGreaterThan(950);
    expect(readiness.latest()).toMatchObject({ ready: true, checks: { database: { status: 'up' } } });
    await Promise.all(work);
  });

  it('is not given while none comes back', async () => {
    // Longer than the check, and by far less than the deadline.
    const work = sleep(1.8, 2);
    await readiness.refresh();
    expect(readiness.latest()).toMatchObject({ ready: false, checks: { database: { status: 'down' } } });
    await Promise.all(work);
    await readiness.refresh();
    expect(readiness.latest().ready).toBe(true);
  });
});
