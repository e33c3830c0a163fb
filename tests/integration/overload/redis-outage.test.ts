import { once } from 'node:events';
import { afterEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createRedisConnection } from '../../../src/platform/redis/redis-connection.ts';
import type { RedisEvent } from '../../../src/platform/redis/redis-events.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type OwnRedis, redisMissing, startRedis } from '../../helpers/redis-server.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { describeWith } from '../../helpers/services.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const cleanUp: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const each of cleanUp.splice(0).toReversed()) await each();
});

/** Mostly without a limit, so that no command finds out what has become of Redis. */
const start = async (env: Record<string, string>): Promise<RunningProfiles> => {
  const profiles = await startProfiles(sqlite, env);
  cleanUp.push(() => profiles.stop());
  return profiles;
};

async function startOwnRedis(): Promise<OwnRedis> {
  const redis = await startRedis();
  cleanUp.push(() => redis.kill());
  return redis;
}

function administrator({ url }: OwnRedis): Redis {
  const client = new Redis(url);
  cleanUp.push(() => client.disconnect());
  return client;
}

const linesAbout = ({ logged }: RunningProfiles, since = 0) =>
  logged
    .slice(since)
    .filter(({ msg }) => String(msg).startsWith('Redis'))
    .map(({ level, msg, code, withheld }) => [level, msg, code ?? null, withheld ?? null].join(' | '));
const lost = (code: string) => `warn | Redis is not connected | ${code} | `;
const regained = 'info | Redis is connected again |  | ';

async function connected(profiles: RunningProfiles): Promise<void> {
  await eventually(async () => expect((await scrape(profiles.url)).sum('redis_connected')).toBe(1));
}

describeWith(redisMissing, 'A Redis that is not to be had', () => {
  it('is told once when it goes, and once when it is there again', async () => {
    const redis = await startOwnRedis();
    const profiles = await start({ REDIS_URL: redis.url });
    await connected(profiles);
    const since = profiles.logged.length;

    await redis.kill();
    await eventually(() => expect(linesAbout(profiles, since)).toEqual([lost('ECONNREFUSED')]));
    expect((await scrape(profiles.url)).sum('redis_connected')).toBe(0);

    await redis.start();
    await eventually(() => expect(linesAbout(profiles, since)).toEqual([lost('ECONNREFUSED'), regained]));
    await connected(profiles);
  });

  it.each([
    ['WRONGPASS', ':wrong@'],
    ['NOAUTH', ''],
  ])('is told once by its refusal, %s, however often it is tried', async (code, userinfo) => {
    const redis = await startOwnRedis();
    const admin = administrator(redis);
    await admin.config('SET', 'requirepass', 'right');
    const triesSoFar = async () => Number(/^total_connections_received:(\d+)/m.exec(await admin.info('stats'))?.[1]);
    const triesBefore = await triesSoFar();

    const profiles = await start({ REDIS_URL: redis.url.replace('//', `//${userinfo}`) });
    await eventually(async () => expect(await triesSoFar()).toBeGreaterThanOrEqual(triesBefore + 4));
    expect(linesAbout(profiles)).toEqual([lost(code)]);

    await admin.config('SET', 'requirepass', userinfo === '' ? '' : 'wrong');
    await eventually(() => expect(linesAbout(profiles)).toEqual([lost(code), regained]));
  });

  it('is told once when it is away at the start, and with it the limit that holds nowhere else', async () => {
    const redis = await startOwnRedis();
    await redis.kill();
    const profiles = await start({ REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '100' });
    expect((await fetch(`${profiles.url}/api/users`)).status).toBe(200);
    expect(linesAbout(profiles)).toEqual([lost('ECONNREFUSED')]);
    expect((await scrape(profiles.url)).sum('http_rate_limit_store_errors_total')).toBe(1);
  });

  it('is told when it accepts connections and says nothing', async () => {
    const redis = await startOwnRedis();
    redis.freeze();
    const profiles = await start({ REDIS_URL: redis.url });
    expect(linesAbout(profiles)).toEqual([lost('no-answer')]);
  });
});

describeWith(redisMissing, 'A Redis that is there', () => {
  it('is not told of when it closes a connection that is made again at once', async () => {
    const redis = await startOwnRedis();
    const admin = administrator(redis);
    const profiles = await start({ REDIS_URL: redis.url });
    await connected(profiles);
    const since = profiles.logged.length;

    expect(await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')).toBe(1);
    await eventually(async () => expect((await scrape(profiles.url)).sum('redis_connected')).toBe(0));
    await connected(profiles);
    expect(linesAbout(profiles, since)).toEqual([]);
  });

  it('is not told of when the service stops', async () => {
    const redis = await startOwnRedis();
    const admin = administrator(redis);
    const profiles = await startProfiles(sqlite, { REDIS_URL: redis.url });
    await connected(profiles);
    const since = profiles.logged.length;

    await profiles.stop();
    await eventually(async () =>
      expect(
        String(await admin.client('LIST'))
          .trim()
          .split('\n'),
      ).toHaveLength(1),
    );
    expect(linesAbout(profiles, since)).toEqual([]);
  });
});

it('A connection that is closed before it was made tells of no outage', async () => {
  const told: RedisEvent[] = [];
  const events = new EventStream<RedisEvent>((error) => {
    throw error;
  });
  events.subscribe((event) => void told.push(event));
  const connection = createRedisConnection('redis://127.0.0.1:9', events);
  const opened = connection.open();
  const ended = once(connection.client, 'end');
  connection.close();
  await Promise.all([opened, ended]);
  expect(told).toEqual([]);
});

it('A service without a Redis has no series that looks like an outage', async () => {
  const { series } = await scrape((await start({})).url);
  expect(series.filter((name) => name.startsWith('redis_connected'))).toEqual([]);
});
