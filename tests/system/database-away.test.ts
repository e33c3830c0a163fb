import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWith } from '../helpers/services.ts';
import { createHttpClient, type HttpAnswer, type HttpClient } from './acceptance/http-client.ts';
import { createUser, expectProblem, newUser, userIn } from './acceptance/target.ts';
import { startTcpForwarder, type TcpForwarder } from './tcp-forwarder.ts';

const main = (file: string): [string, string] => [process.execPath, join(repositoryRoot, 'src/main', file)];

/** What the contract says: by itself, and soon. */
const recovery = { timeoutMs: 10_000 };

for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `The production service and ${engine.name}`, () => {
    let database: TestDatabase;
    let databasePort: number;
    let forwarder: TcpForwarder | undefined;
    let service: ChildProcess;
    let api: HttpClient;

    /** The way to the database leads through a port of our own, where nothing listens at first. */
    const connectDatabase = async (): Promise<void> => {
      const { hostname, port } = new URL(database.url);
      forwarder = await startTcpForwarder(databasePort, { host: hostname, port: Number(port) });
    };
    const disconnectDatabase = async (): Promise<void> => {
      await forwarder?.close();
      forwarder = undefined;
    };
    const migrate = async (): Promise<string> => {
      const child = startProcess(main('migrate.ts'), { env: { DATABASE_URL: database.url } });
      expect({ ...(await child.exited), output: child.output }).toMatchObject({ code: 0 });
      return child.output;
    };
    const becomesReady = () => eventually(async () => expect((await ready()).status).toBe(200), recovery);
    const ready = (): Promise<HttpAnswer> => api.send('GET', '/ready');

    beforeEach(async () => {
      database = await engine.create();
      databasePort = await freePort();
      const url = new URL(database.url);
      url.host = `127.0.0.1:${databasePort}`;
      const port = await freePort();
      api = createHttpClient(`http://127.0.0.1:${port}`);
      service = startProcess(main('profiles.ts'), {
        env: {
          PORT: `${port}`,
          DATABASE_URL: url.href,
          ENRICHMENT_URL: 'http://127.0.0.1:9',
          SHUTDOWN_DRAIN_MS: '0',
        },
      });
      await service.printed(/Listening/);
    }, 30_000);

    afterEach(async () => {
      await service.kill('SIGKILL');
      await disconnectDatabase();
      await database.drop();
    });

    async function expectUnavailable(): Promise<void> {
      for (const answer of [
        await api.send('GET', '/api/users'),
        await api.send('POST', '/api/users', { json: newUser() }),
      ]) {
        expectProblem(answer, 503, 'database-unavailable');
        expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      }
      expect((await api.send('GET', '/health')).status).toBe(200);
      const database = { status: 'down', detail: expect.stringMatching(/./) };
      const expected = { status: 503, json: { status: 'not-ready', checks: { database } } };
      // What was found out is told for a second.
      await eventually(async () => expect(await ready()).toMatchObject(expected));
    }

    describe('that is not there when the service starts (D4)', () => {
      it('is waited for, out loud, and used as soon as it is there', async () => {
        await migrate();
        await service.printed(/"level":"warn".*Waiting for the database: it cannot be reached/);
        await expectUnavailable();

        await connectDatabase();
        await becomesReady();
        await service.printed(/Database ready/);
        const user = await createUser(api);
        expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
        expect(service.output).not.toContain('"level":"error"');
      }, 40_000);

      it('is not waited for any more once the service is told to stop', async () => {
        await service.printed(/Waiting for the database/);
        const exit = await service.kill('SIGTERM');
        expect(exit).toMatchObject({ code: 0, signal: null });
        expect(exit.afterMs).toBeLessThan(1_000);
      });
    });

    describe('that has not been migrated', () => {
      it('is looked at again when the connection leads nowhere any more', async () => {
        await connectDatabase();
        await service.printed(/Waiting for the database: migrations are pending/);
        forwarder?.silence();
        await migrate();
        await becomesReady();
      }, 60_000);

      it('is left as it is, until somebody migrates it', async () => {
        await connectDatabase();
        await service.printed(/migrations are pending \(0001-users, .*\); run npm run migrate/);
        await expectUnavailable();

        expect(await migrate()).toMatch(/^applied {2}0001-users$/m);
        await becomesReady();
        await createUser(api);
        expect(await migrate()).toMatch(/up to date/);
      }, 40_000);
    });

    describe('that goes away for a while (D2)', () => {
      it('is missed with 503, and used again by itself', async () => {
        await migrate();
        await connectDatabase();
        await becomesReady();
        const user = await createUser(api);

        await disconnectDatabase();
        await expectUnavailable();
        await connectDatabase();
        await becomesReady();
        expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
        await createUser(api);
        expect(service.output).not.toContain('"level":"error"');
      }, 40_000);
    });
  });
}
