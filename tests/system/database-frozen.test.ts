import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type OwnDatabaseServer, ownServers } from '../helpers/database-server.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type MysqlFaultProxy, startMysqlFaultProxy } from '../helpers/mysql-fault-proxy.ts';
import { describeWith } from '../helpers/services.ts';
import { tally } from './acceptance/target.ts';
import {
  breakerTimesMs,
  connectionsTo,
  expectHonestAnswers,
  expectTrueAnswers,
  isFailure,
  type Outage,
  recoveryMs,
  type SeenOutage,
  sitThrough,
} from './outage.ts';
import { createDatabase, type ServiceProcess, startService } from './service-process.ts';

/** The guarantees speak of 30 s and 20 s, which behave no differently: the breaker has settled after five. */
const frozenMs = 12_000;
const stoppedMs = 5_000;
const hiccupMs = 300;
const hiccups = 5;

/** The service's defaults. */
const queryTimeoutMs = 3_000;
const poolMax = 10;

const answerMsMax = queryTimeoutMs + 500;
const refusalMsMax = 100;
const recoveryMsMax = 10_000;

jest.setTimeout(120_000);

let service: ServiceProcess | undefined;

async function serve(databaseUrl: string): Promise<ServiceProcess> {
  // It is the database that is asked here; what a cache makes of its absence, `cache-frozen` tells.
  service = await startService(databaseUrl, { CACHE_MEMORY_ENTRIES_MAX: '0' });
  await service.becomesReady(10_000);
  return service;
}

afterEach(async () => {
  await service?.kill('SIGKILL');
  service = undefined;
});

/** Whether the database is frozen, or at the end of a line that is dead, makes no difference to clients. */
async function expectBreakerToHold(running: ServiceProcess, databaseUrl: string, outage: Outage): Promise<void> {
  const seen = await sitThrough(running.api, outage);
  const [openedAtMs = Number.NaN] = breakerTimesMs(running, 'OPEN');
  const refused = seen.outcomes.filter(
    ({ sentAtMs, durationMs }) => sentAtMs > openedAtMs && sentAtMs + durationMs < seen.returnsAtMs,
  );
  // `/health` asks nobody: as long as it takes itself, the machine or this test had no time for anybody.
  const limitMs = refusalMsMax + Math.max(...seen.health.map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs));
  const slow = refused.filter(({ durationMs }) => durationMs >= limitMs);
  const refusalMs = Math.max(
    ...refused.filter((outcome) => !slow.includes(outcome)).map(({ durationMs }) => durationMs),
  );
  measured(seen, { openAfterMs: openedAtMs - seen.goneAtMs, refused: refused.length, refusalMs, slow: slow.length });

  expectHonestAnswers(seen);
  expect(durations(seen).filter((durationMs) => durationMs > answerMsMax)).toEqual([]);
  expect(refused.length).toBeGreaterThan(100);
  expect(refused.filter((outcome) => !isFailure(outcome))).toEqual([]);
  // Only those that were let through to find out whether the database is back have waited for it.
  const probes = breakerTimesMs(running, 'HALF_OPEN').length;
  const slowest = slow.map(({ durationMs }) => durationMs).toSorted((one, other) => other - one);
  expect(slowest.slice(probes)).toEqual([]);
  expect(breakerTimesMs(running, 'CLOSED')).toHaveLength(1);
  await expectRecovery(running, databaseUrl, seen);
}

async function expectRecovery(running: ServiceProcess, databaseUrl: string, seen: SeenOutage): Promise<void> {
  expect(recoveryMs(seen)).toBeLessThan(recoveryMsMax);
  await expectTrueAnswers(seen, databaseUrl);
  await eventually(async () => expect(await connectionsTo(databaseUrl)).toBeLessThanOrEqual(poolMax));
  expect(running.output).not.toContain('"level":"error"');
}

function durations({ outcomes }: SeenOutage): number[] {
  return outcomes.map(({ durationMs }) => durationMs);
}

/** One line with the figures, for whoever wants to know by how much the promises are kept. */
function measured(seen: SeenOutage, more: Record<string, number> = {}): void {
  const probeMs = (probes: SeenOutage['health']) => probes.map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs);
  const figures = {
    answerMs: Math.max(...durations(seen)),
    healthMs: Math.max(...probeMs(seen.health)),
    readyMs: Math.max(...probeMs(seen.readiness)),
    recoveryMs: recoveryMs(seen),
    ...more,
  };
  const rounded = Object.entries(figures).map(([name, value]) => `${name}=${Math.round(value)}`);
  const results = JSON.stringify(tally(seen.outcomes.map(({ result }) => result)));
  process.stderr.write(`${expect.getState().currentTestName}: ${rounded.join(' ')} ${results}\n`);
}

for (const { name, missing, launch } of ownServers) {
  describeWith(missing, `The production service and a ${name}`, () => {
    let server: OwnDatabaseServer;
    let databaseUrl: string;

    beforeAll(async () => {
      server = await launch();
      databaseUrl = await createDatabase(server.url);
    });

    afterAll(async () => await server.remove());

    it('that is frozen (D1) are parted by the breaker, and together again as soon as it thaws', async () => {
      const freeze = { begin: () => server.freeze(), end: () => server.thaw(), forMs: frozenMs };
      await expectBreakerToHold(await serve(databaseUrl), databaseUrl, freeze);
    });

    it.each([
      'stop',
      'kill',
    ] as const)('that goes away by %s (D2) are together again as soon as it starts', async (how) => {
      const running = await serve(databaseUrl);
      const away = { begin: () => server[how](), end: () => server.start(), forMs: stoppedMs };
      const seen = await sitThrough(running.api, away);
      measured(seen);

      expectHonestAnswers(seen);
      expect(durations(seen).filter((durationMs) => durationMs > answerMsMax)).toEqual([]);
      expect(breakerTimesMs(running, 'OPEN').length).toBeGreaterThan(0);
      await expectRecovery(running, databaseUrl, seen);
    });

    it('that hesitates now and then (D3) fail no request', async () => {
      const running = await serve(databaseUrl);
      for (let hiccup = 1; hiccup <= hiccups; hiccup++) {
        const freeze = { begin: () => server.freeze(), end: () => server.thaw(), forMs: hiccupMs };
        await expectNoFailure(running, databaseUrl, freeze);
      }
    });
  });
}

async function expectNoFailure(running: ServiceProcess, databaseUrl: string, outage: Outage): Promise<void> {
  const seen = await sitThrough(running.api, outage);
  measured(seen);
  expect(seen.outcomes.filter(isFailure)).toEqual([]);
  // That there was something to sit through. Clients pause between requests, so none need have been sent before it began.
  expect(Math.max(...durations(seen))).toBeGreaterThan(0.8 * hiccupMs);
  expect(breakerTimesMs(running, 'OPEN')).toEqual([]);
  await expectTrueAnswers(seen, databaseUrl);
}

for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `The production service and a ${engine.name}`, () => {
    describe('at the end of a line that swallows everything', () => {
      let database: TestDatabase;
      let proxy: MysqlFaultProxy;
      let running: ServiceProcess;

      beforeEach(async () => {
        database = await engine.create();
        proxy = await startMysqlFaultProxy(database.url);
        running = await serve(proxy.url(database.url));
      });

      afterEach(async () => {
        await proxy.close();
        await database.drop();
      });

      const blackHole = (forMs: number): Outage => ({ begin: () => proxy.freeze(), end: () => proxy.thaw(), forMs });

      it('for long (D1) are parted by the breaker, and together again as soon as it lets through', async () => {
        await expectBreakerToHold(running, database.url, blackHole(frozenMs));
        expect(proxy.openConnections).toBeLessThanOrEqual(poolMax);
      });

      it('for a moment (D3) fail no request', async () => {
        await expectNoFailure(running, database.url, blackHole(hiccupMs));
        await expectNoFailure(running, database.url, blackHole(hiccupMs));
      });
    });
  });
}
