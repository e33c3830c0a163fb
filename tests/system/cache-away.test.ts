import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { engines } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type OwnRedis, redisMissing, startRedis } from '../helpers/redis-server.ts';
import { type ScrapedMetrics, scrape } from '../helpers/scraped-metrics.ts';
import { describeWith } from '../helpers/services.ts';
import { createUser, tally, type UserBody } from './acceptance/target.ts';
import { type Probing, startControl } from './probing.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { type Reading, startVersionedTraffic, type VersionedTraffic } from './versioned-traffic.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

/** Far more than stay in memory, so that Redis is asked all the time. */
const userCount = 500;
const settings = { CACHE_MEMORY_ENTRIES_MAX: '20' };
const healthyMs = 5_000;
/** How many are looked at once Redis is used again. */
const readingsAfter = 1_000;
/** At first nobody knows that Redis does not answer. */
const surpriseMs = 500;

/** How Redis fails, and comes back. */
interface Fault {
  begin(redis: OwnRedis): Promise<void> | void;
  end(redis: OwnRedis): Promise<void> | void;
  readonly forMs: number;
}

describeWith(redisMissing, 'While Redis', () => {
  const cleanUp: (() => void | Promise<void>)[] = [];
  let redis: OwnRedis;
  let service: ServiceProcess;
  let traffic: VersionedTraffic;
  let control: Probing;

  beforeEach(async () => {
    redis = await startRedis();
    cleanUp.push(() => redis.kill());
    const database = await sqlite.create();
    cleanUp.push(() => database.drop());
    service = await startService(database.url, { ...settings, REDIS_URL: redis.url });
    cleanUp.push(async () => void (await service.kill('SIGKILL')));
    const users: UserBody[] = [];
    while (users.length < userCount) users.push(await createUser(service.api));
    control = await startControl();
    cleanUp.push(() => control.stop());
    traffic = startVersionedTraffic(service.api.url, users);
    cleanUp.push(() => traffic.stop());
  }, 60_000);
  afterEach(async () => {
    for (const each of cleanUp.splice(0).toReversed()) await each();
  });

  const metrics = async (): Promise<ScrapedMetrics> => await scrape(service.api.url);
  const sharedHits = async (): Promise<number> =>
    (await metrics()).sum('cache_requests_total', { level: 'shared', result: 'hit' });
  const isUsed = async (): Promise<boolean> => (await metrics()).sum('cache_shared_in_use') === 1;

  /** @returns what was read before, while it lasted, and afterwards, and how long it took until Redis was used again */
  async function sitThrough(fault: Fault): Promise<{
    readonly healthy: readonly Reading[];
    readonly atFirst: readonly Reading[];
    readonly during: readonly Reading[];
    readonly after: readonly Reading[];
    readonly recoveryMs: number;
  }> {
    await eventually(async () => expect(await sharedHits()).toBeGreaterThan(500), { timeoutMs: 20_000 });
    const healthyFromMs = performance.now();
    await pause(healthyMs);
    const beganAtMs = performance.now();
    await fault.begin(redis);
    await pause(fault.forMs);
    await fault.end(redis);
    const endedAtMs = performance.now();
    await eventually(async () => expect(await isUsed()).toBe(true), { timeoutMs: 20_000 });
    const hitsSoFar = await sharedHits();
    await eventually(async () => expect(await sharedHits()).toBeGreaterThan(hitsSoFar), { timeoutMs: 20_000 });
    const recoveryMs = performance.now() - endedAtMs;
    const recoveredAfter = traffic.readings.length;
    await eventually(() => expect(traffic.readings.length).toBeGreaterThan(recoveredAfter + readingsAfter), {
      timeoutMs: 20_000,
    });
    await traffic.stop();
    const between = (fromMs: number, toMs: number): readonly Reading[] =>
      traffic.readings.filter(({ sentAtMs }) => sentAtMs >= fromMs && sentAtMs < toMs);
    return {
      healthy: between(healthyFromMs, beganAtMs),
      atFirst: between(beganAtMs, beganAtMs + surpriseMs),
      during: between(beganAtMs, endedAtMs),
      after: between(endedAtMs, Number.POSITIVE_INFINITY),
      recoveryMs,
    };
  }

  function expectNobodyNoticed(seen: Awaited<ReturnType<typeof sitThrough>>): void {
    const { healthy, atFirst, during, after, recoveryMs } = seen;
    const all = [...healthy, ...during, ...after];
    expect(Object.keys(tally(all.map(({ result }) => result)))).toEqual(['200']);
    expect(traffic.failedWrites).toEqual([]);
    expect(all.filter(({ versionsBehind }) => versionsBehind > 0)).toEqual([]);
    expect(Math.min(healthy.length, during.length)).toBeGreaterThan(1_000);
    // What the machine takes from everybody, it takes from the service, too.
    const { p99Ms: machineMs } = control.result();
    const p99Ms = { healthy: p99(healthy), atFirst: p99(atFirst), sinceThen: p99([...during, ...after]) };
    process.stderr.write(`p99 and recovery: ${JSON.stringify({ ...p99Ms, machineMs, recoveryMs })}\n`);
    expect(p99Ms.atFirst).toBeLessThanOrEqual(p99Ms.healthy + 60 + machineMs);
    expect(p99Ms.sinceThen).toBeLessThanOrEqual(p99Ms.healthy + 60 + machineMs);
    expect(recoveryMs).toBeLessThan(5_000);
  }

  it('is frozen, nobody notices, and it is used again within five seconds', async () => {
    const seen = await sitThrough({
      begin: ({ freeze }) => freeze(),
      forMs: 10_000,
      end: async ({ thaw }) => {
        expect(await isUsed()).toBe(false);
        thaw();
      },
    });
    expectNobodyNoticed(seen);
  }, 90_000);

  it('is killed and begins anew with nothing, nobody notices, and it is used again within five seconds', async () => {
    const seen = await sitThrough({
      begin: async ({ kill }) => await kill(),
      forMs: 5_000,
      end: async ({ start }) => {
        expect(await isUsed()).toBe(false);
        await start();
      },
    });
    expectNobodyNoticed(seen);
  }, 90_000);

  it('answers too late, nobody notices, and it is used again within five seconds', async () => {
    const admin = new Redis(redis.url);
    cleanUp.push(() => admin.disconnect());
    const healing = new AbortController();
    let slowing = Promise.resolve();
    const slowDown = async (): Promise<void> => {
      // Each waits for the end of the pause before it.
      while (!healing.signal.aborted) await admin.call('CLIENT', 'PAUSE', '400', 'ALL');
    };
    const seen = await sitThrough({
      begin: () => {
        slowing = slowDown();
      },
      forMs: 8_000,
      end: async () => {
        expect(
          (await metrics()).sum('dependency_calls_total', { dependency: 'cache', outcome: 'timeout' }),
        ).toBeGreaterThan(0);
        healing.abort();
        await slowing;
      },
    });
    expectNobodyNoticed(seen);
  }, 90_000);
});

function p99(readings: readonly Reading[]): number {
  const sorted = readings.map(({ durationMs }) => durationMs).toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor((sorted.length - 1) * 0.99)] ?? Number.NaN);
}
