import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Fault, type MysqlFaultProxy, startMysqlFaultProxy } from '../helpers/mysql-fault-proxy.ts';
import { describeWith } from '../helpers/services.ts';
import { createHttpClient, type HttpAnswer, type HttpClient } from './acceptance/http-client.ts';
import { createUser, expectProblem, newUser, tally, userIn } from './acceptance/target.ts';

/** The numbers of `docs/guarantees.md`. */
const withKeyCount = 200;
const withoutKeyCount = 50;
const deadlineMs = 3_000;
/** How much longer than the deadline an answer may take. */
const toleranceMs = 500;

const cuts = ['cut-before', 'cut-after'] as const;

const main = (file: string): [string, string] => [process.execPath, join(repositoryRoot, 'src/main', file)];

for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `W6: a request whose COMMIT gets no answer from ${engine.name}`, () => {
    let database: TestDatabase;
    let direct: Connection;
    let proxy: MysqlFaultProxy;
    let service: ChildProcess;
    let api: HttpClient;

    beforeAll(async () => {
      database = await engine.create();
      const migration = startProcess(main('migrate.ts'), { env: { DATABASE_URL: database.url } });
      expect({ ...(await migration.exited), output: migration.output }).toMatchObject({ code: 0 });
      direct = await createConnection({ uri: database.url });
      proxy = await startMysqlFaultProxy(database.url);
      const port = await freePort();
      api = createHttpClient(`http://127.0.0.1:${port}`);
      const env = {
        PORT: `${port}`,
        DATABASE_URL: proxy.url(database.url),
        DATABASE_QUERY_TIMEOUT_MS: `${deadlineMs}`,
        ENRICHMENT_URL: 'http://127.0.0.1:9',
      };
      service = startProcess(main('profiles.ts'), { env });
      await service.printed(/Database ready/);
    }, 30_000);

    afterEach(() => {
      proxy.setFault(null);
      proxy.thaw();
      // Nobody has to act on any of this.
      expect(service.output).not.toContain('"level":"error"');
    });

    afterAll(async () => {
      await service?.kill('SIGKILL');
      await proxy?.close();
      await direct?.end();
      await database?.drop();
    });

    /** Makes `fault` of the next COMMIT, and lets all that follow pass. */
    function failNextCommit(fault: Fault | (() => Fault)): { readonly hits: number } {
      let hits = 0;
      proxy.setFault(({ sql }) => {
        if (hits > 0 || !sql.startsWith('COMMIT')) return 'pass';
        hits += 1;
        return typeof fault === 'function' ? fault() : fault;
      });
      return {
        get hits() {
          return hits;
        },
      };
    }

    /** Sends a request the first COMMIT of which is disturbed. */
    async function disturbed(fault: Fault | (() => Fault), send: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
      const commit = failNextCommit(fault);
      const answer = await send();
      expect({ text: answer.text, hits: commit.hits }).toMatchObject({ hits: 1 });
      return answer;
    }

    async function rows(sql: string, values: string[] = []): Promise<RowDataPacket[]> {
      const [found] = await direct.query<RowDataPacket[]>(sql, values);
      return found;
    }
    const usersOf = async (json: Record<string, unknown>): Promise<RowDataPacket[]> =>
      await rows('SELECT id FROM users WHERE email = ?', [String(json['email'])]);
    const versionsOf = async (id: string): Promise<number[]> =>
      (await rows('SELECT version FROM user_changes WHERE user_id = ? ORDER BY seq', [id])).map(
        (row) => row['version'],
      );
    const keyCount = async (): Promise<number> => (await rows('SELECT id FROM idempotency_keys')).length;

    function report(what: string, answers: readonly HttpAnswer[]): void {
      const worstMs = Math.round(Math.max(...answers.map(({ durationMs }) => durationMs)));
      const test = expect.getState().currentTestName;
      process.stdout.write(`${test} (${what}): ${answers.length} answers, the slowest in ${worstMs} ms\n`);
    }

    /** Repeats a request whose COMMIT is cut, and looks into the log for whether that was what the service saw. */
    async function repeat(cut: (typeof cuts)[number], times: number, send: () => Promise<HttpAnswer>): Promise<void> {
      const resolved = (): number => service.output.split(`"committed":${cut === 'cut-after'},`).length - 1;
      const resolvedBefore = resolved();
      const answers: HttpAnswer[] = [];
      while (answers.length < times) answers.push(await send());
      report(cut, answers);
      await eventually(() => expect(resolved() - resolvedBefore).toBe(times));
    }

    describe.each(cuts)('because of a %s', (cut) => {
      it(`and with a key is answered with the truth, and carried out once, ${withKeyCount} times`, async () => {
        const keysBefore = await keyCount();
        await repeat(cut, withKeyCount, async () => {
          const json = newUser();
          const headers = { 'idempotency-key': randomUUID() };
          const send = (): Promise<HttpAnswer> => api.send('POST', '/api/users', { json, headers });
          const answer = await disturbed(cut, send);
          const user = userIn(answer, 201);
          expect(answer.headers).not.toHaveProperty('idempotency-replayed');

          const { etag, location } = answer.headers;
          const repeated = await send();
          expect(repeated).toMatchObject({ status: 201, text: answer.text });
          expect(repeated.headers).toMatchObject({ 'idempotency-replayed': 'true', etag, location });
          expect(await usersOf(json)).toEqual([{ id: user.id }]);
          expect(await versionsOf(user.id)).toEqual([1]);
          return answer;
        });
        expect((await keyCount()) - keysBefore).toBe(withKeyCount);
      }, 120_000);

      it.each(Object.entries(writes()))(
        `and without a key is answered with the truth, and carried out once: ${withoutKeyCount} × %s`,
        async (_name, write) => {
          await repeat(cut, withoutKeyCount, async () => {
            const { send, verify } = await write();
            const answer = await disturbed(cut, send);
            await verify(answer);
            return answer;
          });
        },
        120_000,
      );
    });

    interface Write {
      send(): Promise<HttpAnswer>;
      verify(answer: HttpAnswer): Promise<void>;
    }

    /** Requests without a key, each with what must be true afterwards. */
    function writes(): Record<string, () => Promise<Write>> {
      const create = async (json: Record<string, unknown>): Promise<Write> => ({
        send: () => api.send('POST', '/api/users', { json }),
        verify: async (answer) => {
          const { id } = userIn(answer, 201);
          expect(await usersOf(json)).toEqual([{ id }]);
          expect(await versionsOf(id)).toEqual([1]);
        },
      });
      const change = async (method: 'PUT' | 'PATCH'): Promise<Write> => {
        const { id } = await createUser(api);
        return {
          send: () => api.send(method, `/api/users/${id}`, { json: { name: 'Changed' } }),
          verify: async (answer) => {
            const changed = userIn(answer, 200);
            expect(changed).toMatchObject({ name: 'Changed', version: 2 });
            expect(userIn(await api.send('GET', `/api/users/${id}`), 200)).toEqual(changed);
            expect(await versionsOf(id)).toEqual([1, 2]);
          },
        };
      };
      return {
        'POST without an id': () => create(newUser()),
        'POST with an id': () => create(newUser({ id: randomUUID() })),
        PUT: () => change('PUT'),
        PATCH: () => change('PATCH'),
        DELETE: async () => {
          const { id } = await createUser(api);
          return {
            send: () => api.send('DELETE', `/api/users/${id}`),
            verify: async (answer) => {
              expect(answer).toMatchObject({ status: 204, text: '' });
              expect((await api.send('GET', `/api/users/${id}`)).status).toBe(404);
              expect(await versionsOf(id)).toEqual([1, 2]);
            },
          };
        },
      };
    }

    describe('until after the deadline', () => {
      /** What happens to COMMIT, and whether the server has it although nobody hears of it. */
      const silences: readonly [string, () => Fault][] = [
        ['is held back', () => 'stall'],
        ['is carried out, and its answer held back', () => 'stall-answer'],
        ['is held back by a frozen network', () => frozen('stall')],
        ['is carried out by a server behind a frozen network', () => frozen('pass')],
      ];
      const frozen = (fault: Fault): Fault => {
        proxy.freeze();
        return fault;
      };

      it.each(silences)(
        'because it %s, is answered with "unknown", and with the truth later',
        async (_name, silence) => {
          const json = newUser();
          const headers = { 'idempotency-key': randomUUID() };
          const send = (): Promise<HttpAnswer> => api.send('POST', '/api/users', { json, headers });
          const answer = await disturbed(silence, send);
          expectProblem(answer, 503, 'outcome-unknown');
          expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
          expect(answer.durationMs).toBeLessThan(deadlineMs + toleranceMs);
          report('deadline', [answer]);

          proxy.setFault(null);
          proxy.thaw();
          const seen: number[] = [];
          await eventually(
            async () => {
              const repeated = await send();
              seen.push(repeated.status);
              const { id } = userIn(repeated, 201);
              expect(repeated.headers['idempotency-replayed']).toBe('true');
              expect(await usersOf(json)).toEqual([{ id }]);
              expect(await versionsOf(id)).toEqual([1]);
            },
            { timeoutMs: 5_000 },
          );
          // Before it is decided it may be in progress, and nothing else.
          const { 201: created, 409: _inProgress, ...others } = tally(seen);
          expect({ created, others }).toEqual({ created: 1, others: {} });
        },
        20_000,
      );
    });
  });
}
