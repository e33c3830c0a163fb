import { describe, expect, it } from '@jest/globals';
import { engines } from '../../helpers/engines.ts';
import { freePort, startProcess } from '../../helpers/child-process.ts';

describe('A command whose database cannot be reached', () => {
  it.each([
    ['npm run migrate', ['src/main/migrate.ts', 'up']],
    ['npm run seed', ['src/main/seed.ts', '--count', '3']],
    ['npm run read-model', ['src/main/read-model.ts', 'check']],
  ])('%s says so and why, without places in the code', async (_name, args) => {
    const port = await freePort();
    const env = { DATABASE_URL: `mysql://root:s3cret-tiger@127.0.0.1:${port}/profiles` };
    const child = startProcess([process.execPath, ...args], { env });
    expect(await child.exited).toMatchObject({ code: 1 });
    expect(child.output).toBe(
      `The database cannot be reached at the moment.\n  because of connect ECONNREFUSED 127.0.0.1:${port}\n`,
    );
  });
});

describe('A command to which nobody listens any more', () => {
  it('does its work to the end', async () => {
    const [sqlite] = engines;
    if (!sqlite) throw new Error('SQLite is always there.');
    const database = await sqlite.create();
    const command = [process.execPath, 'src/main/migrate.ts'] as const;
    const env = { DATABASE_URL: database.url };
    const unheard = startProcess(command, { env });
    try {
      unheard.hangUp();
      expect(await unheard.exited).toMatchObject({ code: 0 });
      const next = startProcess(command, { env });
      await next.exited;
      expect(next.output).toContain('up to date');
    } finally {
      await unheard.kill('SIGKILL');
      await database.drop();
    }
  }, 20_000);
});
