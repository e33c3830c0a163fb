import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Response } from 'supertest';
import { buildUserBody } from '../../helpers/build-user.ts';
import { engines, type TestDatabase } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type ConformingAgent, conformingAgent } from '../../helpers/openapi-conformance.ts';
import { describeWith } from '../../helpers/services.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

/** How long an answer may take that waits for nobody. */
const atOnceMs = 300;
/** So that the request that waits for a lock goes on waiting for as long as a test takes. */
const patient = { DATABASE_POOL_MAX: '2', DATABASE_QUERY_TIMEOUT_MS: '60000' };

// SQLite has one writer at a time: no other process meets a key that is in flight.
for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `A request with an Idempotency-Key that is under way on ${engine.name}`, () => {
    let database: TestDatabase;
    let instances: RunningProfiles[] = [];
    let first: ConformingAgent;
    let second: ConformingAgent;
    let holder: Connection;
    beforeAll(async () => {
      database = await engine.create();
      const shared = { ...engine, create: () => Promise.resolve({ ...database, drop: () => Promise.resolve() }) };
      // One after the other: both would migrate.
      instances = [await startProfiles(shared, patient)];
      instances.push(await startProfiles(shared, patient));
      [first, second] = instances.map(({ url }) => conformingAgent(url)) as [ConformingAgent, ConformingAgent];
    });
    afterAll(async () => {
      await Promise.all(instances.map((instance) => instance.stop()));
      await database?.drop();
    });
    beforeEach(async () => {
      holder = await createConnection({ uri: database.url });
      await holder.query('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
    });
    afterEach(async () => await holder.end());

    /** A user whose row another transaction holds until `holder` rolls back. */
    const lockedUser = async (): Promise<string> => {
      const { body } = await first.post('/api/users').send(buildUserBody()).expect(201);
      await holder.beginTransaction();
      await holder.query('SELECT id FROM users WHERE id = ? FOR UPDATE', [body.id]);
      return `/api/users/${body.id}`;
    };
    const keysInFlight = async (): Promise<number> => {
      const [rows] = await holder.query<RowDataPacket[]>('SELECT id FROM idempotency_keys WHERE status IS NULL');
      return rows.length;
    };
    const areInFlight = (count: number) => eventually(async () => expect(await keysInFlight()).toBe(count));
    /** The connection that waits for a row of the table. */
    const waitingFor = async (table: string): Promise<number> => {
      const found = async (): Promise<number> => {
        const [rows] = await holder.query<RowDataPacket[]>(
          'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE ?',
          [`SELECT%\`${table}\`%FOR UPDATE%`],
        );
        expect(rows).toHaveLength(1);
        return Number(rows[0]?.['id']);
      };
      await eventually(async () => void (await found()));
      return await found();
    };
    // `then` is what sends a request of supertest's.
    const patch = (api: ConformingAgent, path: string, key: string, name = 'Ada II'): Promise<Response> =>
      api
        .patch(path)
        .set('Idempotency-Key', key)
        .send({ name })
        .then((response) => response);
    const timed = async <T>(request: Promise<T>): Promise<T> => {
      const startedAt = performance.now();
      const answer = await request;
      expect(performance.now() - startedAt).toBeLessThan(atOnceMs);
      return answer;
    };
    const refusal = ({ status, body, headers }: Response) => [status, body.code, headers['retry-after']];
    const inProgress = [409, 'request-in-progress', '1'];
    const reused = [422, 'idempotency-key-reused', undefined];

    it('is answered for at once, in the same process and in another, and replayed afterwards', async () => {
      const path = await lockedUser();
      const key = randomUUID();
      const running = patch(first, path, key);
      await areInFlight(1);

      for (const api of [first, second]) {
        expect(refusal(await timed(patch(api, path, `"${key}"`)))).toEqual(inProgress);
        expect(refusal(await timed(patch(api, path, key, 'Other')))).toEqual(reused);
      }
      expect(await keysInFlight()).toBe(1);
      await holder.rollback();

      const answer = await running;
      expect([answer.status, answer.headers['idempotency-replayed']]).toEqual([200, undefined]);
      for (const api of [second, first]) {
        const replay = await patch(api, path, key);
        expect([replay.status, replay.headers['idempotency-replayed'], replay.text]).toEqual([
          200,
          'true',
          answer.text,
        ]);
        expect(replay.headers['etag']).toBe('"2"');
        expect(refusal(await patch(api, path, key, 'Other'))).toEqual(reused);
      }
      expect((await second.get(`${path}/changes`)).body.data).toHaveLength(2);
    });

    it('leaves the key to the next when it fails', async () => {
      const path = await lockedUser();
      const key = randomUUID();
      const running = patch(first, path, key);
      await areInFlight(1);
      await holder.query(`KILL QUERY ${await waitingFor('users')}`);

      expect((await running).body.code).toBe('internal-error');
      expect(await keysInFlight()).toBe(0);
      await holder.rollback();
      const next = await patch(second, path, key);
      expect([next.status, next.headers['idempotency-replayed']]).toEqual([200, undefined]);
    });

    it.each([
      'the same process',
      'another process',
    ])('does not let 20 repetitions to %s occupy connections of a pool of two', async (where) => {
      const api = where === 'the same process' ? first : second;
      const path = await lockedUser();
      const key = randomUUID();
      const running = patch(first, path, key);
      await areInFlight(1);

      const repetitions = Array.from({ length: 20 }, () => patch(api, path, key).then(refusal));
      // A lock that is waited for here is not given before the test ends.
      expect((await timed(api.get(path).then((response) => response))).status).toBe(200);
      expect(await Promise.all(repetitions)).toEqual(Array.from({ length: 20 }, () => inProgress));

      await holder.rollback();
      expect((await running).status).toBe(200);
    });

    it('is answered for at once in the same process when no connection is left', async () => {
      const path = await lockedUser();
      const keys = [randomUUID(), randomUUID()];
      const running = keys.map((key) => patch(first, path, key));
      await areInFlight(2);

      const repetitions = keys.flatMap((key) => Array.from({ length: 10 }, () => timed(patch(first, path, key))));
      for (const answer of await Promise.all(repetitions)) expect(refusal(answer)).toEqual(inProgress);

      await holder.rollback();
      expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    });
  });
}
