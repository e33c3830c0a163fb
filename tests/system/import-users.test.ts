import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, startProcess } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { queryDatabase } from '../helpers/query-database.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

jest.setTimeout(120_000);

/** The bar somewhere between a third and nine tenths. */
const halfWay = / [3-8]\d\d of 1000 users/;

describe('The example that imports 1,000 users', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let imports: ChildProcess[];

  beforeEach(async () => {
    imports = [];
    database = await sqlite.create();
    service = await startService(database.url);
  });
  afterEach(async () => {
    await Promise.all(imports.map((running) => running.kill('SIGKILL')));
    await service.kill('SIGKILL');
    await database.drop();
  });

  const startImport = (): ChildProcess => {
    const running = startProcess([process.execPath, 'examples/import-users.ts', 'examples/users.csv', service.api.url]);
    imports.push(running);
    return running;
  };

  const usersInDatabase = async (): Promise<unknown> =>
    await queryDatabase(database.url, 'SELECT COUNT(*) AS users, COUNT(DISTINCT email) AS addresses FROM users');

  it('creates exactly these, though the service is killed half-way and started again', async () => {
    const running = startImport();
    await running.printed(halfWay);
    await service.kill('SIGKILL');
    expect(running.output).not.toContain('1000 of 1000');
    await service.start();
    expect({ ...(await running.exited), output: running.output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('1000 created, 0 there already, 0 refused\n'),
    });
    expect(await usersInDatabase()).toEqual([{ users: 1_000, addresses: 1_000 }]);
  });

  it('goes on where it was when it is killed itself and run again', async () => {
    const first = startImport();
    await first.printed(halfWay);
    await first.kill('SIGKILL');
    const second = startImport();
    expect({ ...(await second.exited), output: second.output }).toMatchObject({ code: 0 });
    const [, created, found] = /(\d+) created, (\d+) there already, 0 refused\n/.exec(second.output) ?? [];
    expect(Number(created) + Number(found)).toBe(1_000);
    expect(Number(found)).toBeGreaterThanOrEqual(300);
    expect(await usersInDatabase()).toEqual([{ users: 1_000, addresses: 1_000 }]);
  });
});
