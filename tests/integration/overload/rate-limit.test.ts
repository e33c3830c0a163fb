import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createRateLimiter } from '../../../src/platform/rate-limit/create-rate-limiter.ts';
import type { RateLimitEvent } from '../../../src/platform/rate-limit/rate-limit-events.ts';
import { createRedisConnection } from '../../../src/platform/redis/redis-connection.ts';
import type { RedisEvent } from '../../../src/platform/redis/redis-events.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { conformingAgent } from '../../helpers/openapi-conformance.ts';
import { type OwnRedis, redisMissing, startRedis } from '../../helpers/redis-server.ts';
import { scrape } from '../../helpers/scraped-metrics.ts';
import { describeWith } from '../../helpers/services.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const running: RunningProfiles[] = [];
const redises: OwnRedis[] = [];

const start = async (env: Record<string, string>): Promise<RunningProfiles> => {
  const profiles = await startProfiles(sqlite, env);
  running.push(profiles);
  return profiles;
};

async function startOwnRedis(): Promise<OwnRedis> {
  const redis = await startRedis();
  redises.push(redis);
  return redis;
}

afterEach(async () => {
  for (const profiles of running.splice(0)) await profiles.stop();
  for (const redis of redises.splice(0)) await redis.kill();
});

const from = (address: string) => ({ 'X-Forwarded-For': address });

describe('The rate limit', () => {
  it('answers 429 to a client that has used it up, and tells in every answer what is left', async () => {
    const api = conformingAgent((await start({ RATE_LIMIT_PER_MINUTE: '3' })).url);
    const answers = [
      await api.get('/api/users'),
      await api.get('/api/users/nobody'),
      await api.post('/api/users').send({}),
      await api.get('/api/users'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 429]);
    expect(answers.map(({ headers }) => headers['ratelimit-policy'])).toEqual(Array(4).fill('"default";q=3;w=60'));
    const left = answers.map(({ headers }) => /^"default";r=(\d+);t=(\d+)$/.exec(headers['ratelimit'] ?? ''));
    expect(left.map((match) => Number(match?.[1]))).toEqual([2, 1, 0, 0]);
    for (const match of left) expect(Number(match?.[2])).toBeGreaterThanOrEqual(55);
    const refused = answers[3];
    expect(refused?.body.code).toBe('rate-limited');
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThanOrEqual(55);
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('leaves operators, pages and preflights alone', async () => {
    const api = conformingAgent((await start({ RATE_LIMIT_PER_MINUTE: '1' })).url);
    expect((await api.get('/api/users')).status).toBe(200);
    expect((await api.get('/api/users')).status).toBe(429);
    for (const path of ['/health', '/ready', '/metrics', '/problems', '/openapi.json']) {
      const { status, headers } = await api.get(path);
      expect([path, status, headers['ratelimit']]).toEqual([path, 200, undefined]);
    }
    expect((await api.options('/api/users')).status).toBe(204);
  });

  it('is off unless it is set', async () => {
    const api = conformingAgent((await start({})).url);
    const { headers } = await api.get('/api/users');
    expect(Object.keys(headers).filter((name) => name.startsWith('ratelimit'))).toEqual([]);
  });

  it('does not believe a client about its address', async () => {
    const api = conformingAgent((await start({ RATE_LIMIT_PER_MINUTE: '1' })).url);
    expect((await api.get('/api/users').set(from('192.0.2.1'))).status).toBe(200);
    expect((await api.get('/api/users').set(from('192.0.2.2'))).status).toBe(429);
  });

  it.each([
    ['1', '192.0.2.1', '192.0.2.2'],
    ['127.0.0.0/8, ::1', '192.0.2.1', '192.0.2.2'],
    ['1', '2001:db8:0:1::1', '2001:db8:0:2::1'],
    // The hops before the one that is trusted could have been written by the client.
    ['1', '192.0.2.9, 192.0.2.1', '192.0.2.9, 192.0.2.2'],
  ])('believes TRUST_PROXY=%s about %s and %s', async (trust, one, other) => {
    const api = conformingAgent((await start({ RATE_LIMIT_PER_MINUTE: '1', TRUST_PROXY: trust })).url);
    expect((await api.get('/api/users').set(from(one))).status).toBe(200);
    expect((await api.get('/api/users').set(from(other))).status).toBe(200);
    expect((await api.get('/api/users').set(from(one))).status).toBe(429);
  });

  it.each([
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['not an address', 'nor is this'],
  ])('takes %s and %s for one client', async (one, other) => {
    const api = conformingAgent((await start({ RATE_LIMIT_PER_MINUTE: '1', TRUST_PROXY: '1' })).url);
    expect((await api.get('/api/users').set(from(one))).status).toBe(200);
    expect((await api.get('/api/users').set(from(other))).status).toBe(429);
  });
});

describeWith(redisMissing, 'The rate limit in Redis', () => {
  const storeErrorsOf = async ({ url }: RunningProfiles) =>
    (await scrape(url)).sum('http_rate_limit_store_errors_total');
  const messagesAbout = ({ logged }: RunningProfiles, since = 0) =>
    logged
      .slice(since)
      .filter(({ msg }) => String(msg).startsWith('Redis'))
      .map(({ level, msg }) => `${String(level)} ${String(msg)}`);
  const notConnected = 'warn Redis is not connected';
  const connectedAgain = 'info Redis is connected again';
  const countsNot = 'warn Redis does not count requests, each instance limits for itself';
  const countsAgain = 'info Redis counts requests again, limits hold over all instances';

  /** How many requests are counted there. */
  async function countedBy({ url }: OwnRedis): Promise<number> {
    const client = new Redis(url);
    try {
      const keys = await client.keys('*');
      const counts = keys.length === 0 ? [] : await client.mget(keys);
      return counts.reduce((sum, count) => sum + Number(count), 0);
    } finally {
      client.disconnect();
    }
  }

  /** What two instances answer to so many requests in turn, and whether Redis has counted all of them. */
  async function answersOfTwo(requests: number) {
    const redis = await startOwnRedis();
    const env = { RATE_LIMIT_PER_MINUTE: '10', REDIS_URL: redis.url };
    const instances = [await start(env), await start(env)];
    const apis = instances.map(({ url }) => conformingAgent(url));
    const statuses: unknown[] = [];
    // One after the other: so many at once may keep this process from reading what Redis answers within its 50 ms.
    for (let number = 0; number < requests; number++) {
      statuses.push((await apis[number % 2]?.get('/api/users'))?.status);
    }
    const storeErrors = await Promise.all(instances.map(storeErrorsOf));
    return { statuses, allInRedis: storeErrors.every((errors) => errors === 0) };
  }

  it('holds over all instances', async () => {
    let statuses: unknown[] = [];
    // This process may still be too busy for the 50 ms once. Then it was another scene: all anew.
    await eventually(
      async () => {
        const answers = await answersOfTwo(24);
        expect(answers.allInRedis).toBe(true);
        statuses = answers.statuses;
      },
      { timeoutMs: 12_000 },
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(14);
  });

  it('counts for each service apart', async () => {
    const redis = await startOwnRedis();
    const rethrow = (error: unknown): never => {
      throw error;
    };
    const connection = createRedisConnection(redis.url, new EventStream<RedisEvent>(rethrow));
    try {
      await connection.open();
      const limiters = ['one-service', 'another-service'].map((service) =>
        createRateLimiter({
          service,
          requestsPerMinute: 10,
          redis: connection,
          events: new EventStream<RateLimitEvent>(rethrow),
        }),
      );
      await eventually(async () => {
        for (const limiter of limiters) await limiter.take('a-client');
        expect((await connection.client.keys('*')).toSorted()).toEqual([
          'rate-limit:another-service:api:a-client',
          'rate-limit:one-service:api:a-client',
        ]);
      });
    } finally {
      connection.close();
    }
  });

  it.each([
    ['freeze', [countsNot, notConnected], [connectedAgain, countsAgain]],
    ['kill', [notConnected], [connectedAgain]],
  ] as const)('goes on without it after a %s, and with it again', async (how, lost, regained) => {
    const redis = await startOwnRedis();
    const profiles = await start({ RATE_LIMIT_PER_MINUTE: '100000', REDIS_URL: redis.url });
    const api = conformingAgent(profiles.url);
    // The start may have kept this process from reading an answer in time; then it counts alone for a second.
    await eventually(async () => {
      const counted = await countedBy(redis);
      expect((await api.get('/api/users')).status).toBe(200);
      expect(await countedBy(redis)).toBe(counted + 1);
    });
    const since = profiles.logged.length;
    const errorsBefore = await storeErrorsOf(profiles);

    await redis[how]();
    const durations: number[] = [];
    for (let number = 0; number < 50; number++) {
      const startedAt = performance.now();
      expect((await api.get('/api/users')).status).toBe(200);
      durations.push(performance.now() - startedAt);
    }
    // Only those wait for it who find out that it is away, for 50 ms.
    expect(durations.toSorted((one, other) => one - other)[45]).toBeLessThan(50);
    expect(await storeErrorsOf(profiles)).toBeGreaterThan(errorsBefore);
    await eventually(() => expect(messagesAbout(profiles, since)).toEqual(lost));

    if (how === 'freeze') redis.thaw();
    else await redis.start();
    await eventually(
      async () => {
        await api.get('/api/users');
        expect(messagesAbout(profiles, since)).toEqual([...lost, ...regained]);
      },
      { timeoutMs: 10_000 },
    );
  });

  it('does not keep the service from starting, and is found when it comes', async () => {
    const redis = await startOwnRedis();
    await redis.kill();
    const profiles = await start({ RATE_LIMIT_PER_MINUTE: '2', REDIS_URL: redis.url });
    const api = conformingAgent(profiles.url);
    const statuses = [await api.get('/api/users'), await api.get('/api/users'), await api.get('/api/users')];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(messagesAbout(profiles)).toEqual([notConnected]);
    await redis.start();
    await eventually(
      async () => {
        await api.get('/api/users');
        expect(await countedBy(redis)).toBeGreaterThan(0);
      },
      { timeoutMs: 10_000 },
    );
    expect(messagesAbout(profiles).slice(0, 2)).toEqual([notConnected, connectedAgain]);
  });
});
